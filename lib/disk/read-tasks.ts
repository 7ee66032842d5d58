import { Buffer } from 'node:buffer'
import type { Container } from '../image/image.js'
import { youngCollector } from '../system/memory.js'
import type { RawPath } from '../text/raw-path.js'
import { damaged } from './disk-errors.js'
import { openDisk } from './open.js'
import { pieceAt, pieceBytes, pieceCount, type Range } from './pieces.js'

/** What one thread reads: every `threads`-th piece of the range, from its own number on. Memory is shared. */
export interface ReadOrder {
  readonly path: RawPath
  readonly container: Container
  /** The disk's size, in bytes: another one is another image. */
  readonly size: number
  readonly range: Range
  /** The key of the cipher and, behind it, that of the start vectors; whoever gave the order overwrites it. */
  readonly keys: SharedArrayBuffer
  readonly cipherKeyBytes: number
  readonly blockSize: number
  readonly thread: number
  readonly threads: number
  /** Room for pieces: piece n goes into slot n modulo their number. */
  readonly slots: SharedArrayBuffer
  /** Of each slot, a `slotState`. */
  readonly states: SharedArrayBuffer
}

/** `free`: for the thread to fill; `full` or `empty` (never written): for the reader to take. */
export const slotState = { free: 0, full: 1, empty: 2 } as const

/** Given an order, read and decrypt its pieces in turn, each into its slot as soon as that is free. */
export function readPieces(order: ReadOrder): void {
  const { path, container, size, range, keys, cipherKeyBytes, blockSize, thread, threads } = order
  const states = new Int32Array(order.states)
  const collect = youngCollector()
  const disk = openDisk(
    { path, container },
    { cipherKey: Buffer.from(keys, 0, cipherKeyBytes), hmacKey: Buffer.from(keys, cipherKeyBytes), blockSize },
  )
  try {
    if (disk.size !== size) throw damaged(path, 'it became another image while it was read')
    for (let number = thread; number < pieceCount(range); number += threads) {
      const slot = number % states.length
      for (let state = states[slot]; state !== slotState.free; state = Atomics.load(states, slot)) {
        Atomics.wait(states, slot, state as number)
      }
      const { offset, length } = pieceAt(range, number)
      const filled = disk.fill(Buffer.from(order.slots, slot * pieceBytes, length), offset)
      Atomics.store(states, slot, filled ? slotState.full : slotState.empty)
      Atomics.notify(states, slot)
      collect()
    }
  } finally {
    disk.close()
  }
}

export const tasks = { readPieces }
