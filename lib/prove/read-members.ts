import type { Manifest } from '../manifest/manifest-type.js'
import { lookAt } from '../system/file.js'
import { parent, type RawPath } from '../text/raw-path.js'
import { settleMicroseconds } from '../verify/reuse.js'
import { hash } from './hash.js'
import { jobState } from './hash-tasks.js'
import { isPair, type Pairs } from './pairs.js'
import type { ProveRequest } from './proof-type.js'
import type { Known } from './reuse-digests.js'

/** What was read, and what could not be. */
export interface Read {
  /** Rows of the source whose bytes were read. */
  readonly sourceRows: readonly number[]
  readonly bytes: number
  readonly files: number
  /** 1: that member of the source could not be read. */
  readonly sourceFailed: Uint8Array
  readonly copyFailed: Uint8Array
  /** Why the first member of source and copy could not be read. */
  readonly failures: readonly (string | undefined)[]
}

/**
 * Hash every pair of which a digest is missing and that can still be equal: of the same length, and the source not
 * written after rsync had ended. Source and copy of one member follow each other, so that a deadline leaves whole pairs.
 */
export async function readMembers(
  request: ProveRequest,
  pairs: Pairs,
  known: Known,
  manifest: Manifest,
): Promise<Read> {
  const { source, copy, bySource } = pairs
  const settle = settleMicroseconds(request.granularity)
  const jobs: number[] = []
  let bytes = 0
  let longest = 0
  for (let row = 0; row < source.length; row += 1) {
    const other = bySource[row] as number
    if (!isPair(pairs, row) || source.size[row] !== copy.size[other]) continue
    const size = source.size[row] as number
    const wanted = [known.source[row] !== 1, manifest.known[other] !== 1]
    if (wanted[0] !== true && wanted[1] !== true) continue
    // Whatever it holds now, the copy need not. A ctime alone also changes with owner and mode, so that is read.
    const modified = source.modified[row] as number
    if (modified > request.copiedBefore * 1000 && modified <= (source.changed[row] as number) + settle) continue
    if (wanted[0] === true) jobs.push(row * 2)
    if (wanted[1] === true) jobs.push(other * 2 + 1)
    bytes += size * Number(wanted[0]) + size * Number(wanted[1])
    longest = Math.max(longest, size)
  }
  const sourceFailed = new Uint8Array(source.length)
  const copyFailed = new Uint8Array(copy.length)
  const nothing = { sourceRows: [], bytes: 0, files: 0, sourceFailed, copyFailed, failures: [] }
  if (jobs.length === 0) return nothing
  const order = Uint32Array.from(jobs)
  const hashed = await hash({
    sides: [
      {
        folder: folderOf(request, request.source),
        parts: source.parts,
        digests: known.digests,
        device: deviceOf(request.source),
      },
      {
        folder: folderOf(request, request.copy),
        parts: copy.parts,
        digests: manifest.digests,
        device: deviceOf(request.copy),
      },
    ],
    jobs: order,
    bytes,
    longest,
    deadline: request.deadline,
    ...(request.readers === undefined ? {} : { readers: request.readers }),
  })
  const sourceRows: number[] = []
  for (let at = 0; at < order.length; at += 1) {
    const job = order[at] as number
    const row = Math.floor(job / 2)
    const isSource = job % 2 === 0
    if (hashed.states[at] === jobState.failed) (isSource ? sourceFailed : copyFailed)[row] = 1
    if (hashed.states[at] !== jobState.done) continue
    ;(isSource ? known.source : manifest.known)[row] = 1
    if (isSource) sourceRows.push(row)
  }
  return { sourceRows, bytes: hashed.bytes, files: hashed.files, sourceFailed, copyFailed, failures: hashed.failures }
}

/** A sparse image's one member lies in the folder that holds it. */
const folderOf = ({ container }: ProveRequest, path: RawPath): RawPath =>
  container === 'sparse-image' ? parent(path) : path

const deviceOf = (path: RawPath): number => lookAt(path)?.dev ?? 0
