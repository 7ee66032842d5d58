import type { Manifest } from '../manifest/manifest-type.js'
import { spinningDisk } from '../system/disk-kind.js'
import { lookAt } from '../system/file.js'
import type { RawPath } from '../text/raw-path.js'
import { piecesApart } from './hash-apart.js'
import { inHashThread, ownThreadBytes, shared } from './hash.js'
import type { Known } from './known.js'
import { comparable, type Pairs } from './pairs.js'
import type { PieceSide } from './piece-reader.js'
import { hashPieces, type PieceOrder } from './piece-tasks.js'
import type { ProveRequest } from './proof-type.js'
import { nothingRead, type Read } from './read-type.js'

/**
 * Hash the pieces of a sparse image and of its copy that are not known yet, each file from where it is known to on, until
 * the deadline. One thread reads both by turns where they lie on one spinning disk, or are small; else each has its own.
 */
export async function readInPieces(
  request: ProveRequest,
  pairs: Pairs,
  known: Known,
  manifest: Manifest,
): Promise<Read> {
  const nothing = nothingRead(pairs)
  if (!comparable(request, pairs, 0)) return nothing
  const pieces = manifest.pieces.digests.length / 32
  const done = shared(Int32Array, 2)
  done.set([known.pieces.known, manifest.pieces.known])
  const before = [...done]
  const unread = [0, 1].filter((side) => (done[side] as number) < pieces)
  if (unread.length === 0) return nothing
  const whole = shared(Uint8Array, 32)
  const order = {
    sides: [
      sideOf(request.source, pairs.source, known.pieces.digests),
      { ...sideOf(request.copy, pairs.copy, manifest.pieces.digests), whole },
    ],
    pieces,
    begun: shared(Int32Array, 2),
    done,
    deadline: request.deadline,
  }
  order.begun.set(done)
  const answers = await readBoth(request, order, unread, pairs.source.size[0] as number)
  known.pieces.known = done[0] as number
  manifest.pieces.known = done[1] as number
  if (answers.some((answer) => answer.whole[1] === true)) {
    manifest.digests.set(whole)
    manifest.known[0] = 1
  }
  const failures = [0, 1].map((side) => answers.find((answer) => answer.failures[side] !== undefined)?.failures[side])
  return {
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    files: unread.filter((side) => done[side] !== before[side]).length,
    sourceRead: Uint8Array.of(unread.includes(0) ? 1 : 0),
    sourceFailed: Uint8Array.of(failures[0] === undefined ? 0 : 1),
    copyFailed: Uint8Array.of(failures[1] === undefined ? 0 : 1),
    failures,
  }
}

async function readBoth(
  request: ProveRequest,
  order: Omit<PieceOrder, 'mine'>,
  unread: readonly number[],
  size: number,
): Promise<ReturnType<typeof hashPieces>[]> {
  const there = request.side?.bytes
  if (there !== undefined) {
    const copy = unread.includes(1) ? inThread({ ...order, mine: [1] }) : undefined
    const source = unread.includes(0) ? [await piecesApart(order, there)] : []
    return [...source, ...(copy === undefined ? [] : [await copy])]
  }
  const orders = threadsFor(request, unread, size).map((mine): PieceOrder => ({ ...order, mine }))
  return orders.length === 1 ? [hashPieces(orders[0] as PieceOrder)] : Promise.all(orders.map(inThread))
}

/** Which sides each thread reads. */
function threadsFor({ source, copy, readers }: ProveRequest, unread: readonly number[], size: number): number[][] {
  const isSmall = (): boolean => size * unread.length <= ownThreadBytes
  const inOne = readers === undefined ? isSmall() || isOneSpinningDisk([source, copy]) : readers === 1
  return inOne ? [[...unread]] : unread.map((side) => [side])
}

function isOneSpinningDisk(paths: readonly RawPath[]): boolean {
  const [here, there] = paths.map((path) => spinningDisk(lookAt(path)?.dev ?? 0))
  return here?.spins === true && here.disk === there?.disk
}

const sideOf = (path: RawPath, { inode, size }: Pairs['copy'], digests: Uint8Array): PieceSide => ({
  path,
  inode: inode[0] as number,
  size: size[0] as number,
  digests,
})

const inThread = (order: PieceOrder) => inHashThread<ReturnType<typeof hashPieces>>('hashPieces', order, order.deadline)
