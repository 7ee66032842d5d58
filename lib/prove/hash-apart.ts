import type { MemberTable } from '../image/member-table.js'
import { hash, type Hashed, type HashRequest } from './hash.js'
import { jobState } from './hash-tasks.js'
import type { PieceAnswer, PieceOrder } from './piece-tasks.js'
import type { SourceBytes } from './source-side.js'

/**
 * As `hash`, where the source's bytes are digested on another machine while those of the copy are read here. Row and side
 * of each job are as there.
 */
export async function hashApart(order: HashRequest, there: SourceBytes, source: MemberTable): Promise<Hashed> {
  const { jobs, sides, deadline } = order
  const rows = [...jobs].filter((job) => job % 2 === 0).map((job) => job / 2)
  const copies = jobs.filter((job) => job % 2 === 1)
  const [told, read] = await Promise.all([
    rows.length === 0
      ? undefined
      : there.members(source, rows, (sides[0] as { digests: Uint8Array }).digests, deadline),
    copies.length === 0 ? undefined : hash({ ...order, jobs: copies, bytes: order.bytes / 2 }),
  ])
  const states = new Map<number, number>()
  rows.forEach((row, at) => states.set(row * 2, told?.states[at] ?? jobState.pending))
  // Its jobs come back in the order in which they were done.
  copies.forEach((job, at) => states.set(job, read?.states[at] ?? jobState.pending))
  return {
    states: Uint8Array.from(jobs, (job) => states.get(job) ?? jobState.pending),
    bytes: (told?.bytes ?? 0) + (read?.bytes ?? 0),
    files: (told?.files ?? 0) + (read?.files ?? 0),
    failures: [told?.failure, read?.failures[1]],
  }
}

// So many pieces of 8 MiB are asked for at a time: what is cut off, or comes after the deadline, is asked for again.
const atOnce = 32

/** As `hashPieces` for the source alone, whose pieces are digested on another machine. */
export async function piecesApart(order: Omit<PieceOrder, 'mine'>, there: SourceBytes): Promise<PieceAnswer> {
  const { sides, pieces, begun, done, deadline } = order
  const [source] = sides
  let [bytes, failure]: [number, string | undefined] = [0, undefined]
  try {
    while (source !== undefined && (done[0] as number) < pieces && Date.now() <= deadline && failure === undefined) {
      const first = done[0] as number
      const count = Math.min(atOnce, pieces - first)
      // The thread that reads the copy keeps near to this.
      Atomics.store(begun, 0, first + count)
      Atomics.notify(begun, 0)
      const told = await there.pieces(first, count, source.digests, deadline)
      done[0] = first + told.states.length
      bytes += told.bytes
      failure = told.failure
      if (told.states.length === 0) break
    }
  } finally {
    Atomics.store(begun, 0, done[0] === pieces ? pieces : -1)
    Atomics.notify(begun, 0)
  }
  return { bytes, whole: [], failures: [failure, undefined] }
}
