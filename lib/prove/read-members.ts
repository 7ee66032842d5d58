import type { MemberTable } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { lookAt } from '../system/file.js'
import type { RawPath } from '../text/raw-path.js'
import { hash } from './hash.js'
import { jobState } from './hash-tasks.js'
import { sourceState, type Known } from './known.js'
import { hashApart } from './hash-apart.js'
import { comparable, type Pairs } from './pairs.js'
import type { ProveRequest } from './proof-type.js'
import { nothingRead, type Read } from './read-type.js'

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
  const { source, copy } = pairs
  const nothing = nothingRead(pairs)
  const { sourceRead, sourceFailed, copyFailed } = nothing
  const { jobs, bytes, longest } = jobsOf(request, pairs, known, manifest)
  if (jobs.length === 0) return nothing
  const order = {
    sides: [sideOf(request.source, source, known.digests), sideOf(request.copy, copy, manifest.digests)],
    jobs,
    bytes,
    longest,
    deadline: request.deadline,
    ...(request.readers === undefined ? {} : { readers: request.readers }),
  }
  const there = request.side?.bytes
  const hashed = await (there === undefined ? hash(order) : hashApart(order, there, source))
  for (let at = 0; at < jobs.length; at += 1) {
    const job = jobs[at] as number
    const row = Math.floor(job / 2)
    const isSource = job % 2 === 0
    const state = hashed.states[at]
    if (state === jobState.pending) continue
    // What could not be read may only have been removed or replaced meanwhile: it is looked at again like what was read.
    if (isSource) sourceRead[row] = 1
    if (state === jobState.failed) (isSource ? sourceFailed : copyFailed)[row] = 1
    else if (isSource) known.source[row] = sourceState.known
    else manifest.known[row] = 1
  }
  return { sourceRead, bytes: hashed.bytes, files: hashed.files, sourceFailed, copyFailed, failures: hashed.failures }
}

interface Jobs {
  /** Row times two, plus the side. */
  readonly jobs: Uint32Array
  readonly bytes: number
  readonly longest: number
}

function jobsOf(request: ProveRequest, pairs: Pairs, known: Known, manifest: Manifest): Jobs {
  const { source, copy, bySource } = pairs
  const jobs = new Uint32Array(source.length + copy.length)
  let [filled, bytes, longest] = [0, 0, 0]
  for (let row = 0; row < source.length; row += 1) {
    const other = bySource[row] as number
    if (!comparable(request, pairs, row)) continue
    const size = source.size[row] as number
    const before = filled
    if (known.source[row] === sourceState.unknown) jobs[filled++] = row * 2
    if (manifest.known[other] !== 1) jobs[filled++] = other * 2 + 1
    if (filled === before) continue
    bytes += size * (filled - before)
    longest = Math.max(longest, size)
  }
  return { jobs: jobs.slice(0, filled), bytes, longest }
}

const sideOf = (folder: RawPath, { parts }: MemberTable, digests: Uint8Array) => ({
  folder,
  parts,
  digests,
  device: lookAt(folder)?.dev ?? 0,
})
