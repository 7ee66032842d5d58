import { OperationalError } from '../finding/operational-error.js'
import { align } from '../image/member-align.js'
import { memberTable } from '../look/member-table.js'
import { readNanoseconds } from '../look/nanoseconds.js'
import { emptyManifest } from '../manifest/columns.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { collectGarbage } from '../system/memory.js'
import { compareRows } from './compare.js'
import { outcome } from './outcome.js'
import type { Proof, ProveRequest } from './proof-type.js'
import { readInPieces } from './read-in-pieces.js'
import { readMembers } from './read-members.js'
import { reuse } from './reuse-digests.js'
import { lookWhenSettled } from './settle.js'
import { roomForPieces, sharedDigests } from './shared-digests.js'
import { sourceHere } from './source-side.js'

/**
 * Given an image and its copy, compare them byte for byte: what trusted manifests prove is not read, the rest is hashed
 * in threads until the deadline; a sparse image in pieces, each of which counts in the next run. Returns what came of it, and the copy's manifest for the next time; the source itself
 * being unreadable is a result too. Throws OperationalError where the copy cannot be listed at all.
 */
export async function prove(given: ProveRequest): Promise<Proof> {
  let request = given
  const began = performance.now()
  const copy = memberTable({ path: request.copy, container: request.container })
  // What the proof before this one has left.
  collectGarbage(copy.length)
  const manifest = inSharedMemory(emptyManifest(copy))
  const seconds = (): number => (performance.now() - began) / 1000
  try {
    const side = request.side ?? sourceHere(request)
    const looked = await lookWhenSettled(side, request)
    const { table: source, lookedAt, ahead = 0 } = looked
    const [lookedBefore, copiedBefore] = [request.lookedBefore + ahead, request.copiedBefore + ahead]
    request = { ...request, lookedBefore, copiedBefore }
    const pairs = { source, copy, bySource: align(source, copy), byCopy: align(copy, source) }
    const known = reuse(request, pairs, manifest, lookedAt)
    const read = await (request.container === 'sparse-image' ? readInPieces : readMembers)(
      request,
      pairs,
      known,
      manifest,
    )
    const changed = await side.changedRows(source, read.sourceRead)
    const rows = compareRows(request, pairs, known, manifest, { ...read, side, looked, changed })
    return outcome(request, pairs, rows, manifest, { read, known, seconds: seconds() })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    readNanoseconds(request.copy, manifest, new Uint8Array(copy.length))
    const counts = { checked: 0, members: copy.length, read: 0, reused: 0, bytesRead: 0, seconds: seconds() }
    return { result: 'source-unreadable', wrong: [], movedOn: 0, because: error.message, counts, manifest }
  }
}

/** With room for the digests that threads find out. */
const inSharedMemory = (manifest: Manifest): Manifest => ({
  ...manifest,
  digests: sharedDigests(manifest.copy.length),
  pieces: { ...manifest.pieces, digests: roomForPieces(manifest.copy) },
})
