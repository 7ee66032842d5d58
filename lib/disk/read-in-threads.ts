import { Buffer } from 'node:buffer'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import { cores } from '../system/host.js'
import { inWorker } from '../system/worker.js'
import { pieceAt, pieceBytes, pieceCount, type Piece, type Range } from './pieces.js'
import { slotState, type ReadOrder } from './read-tasks.js'

const mostThreads = 8
const slotsForEach = 3
// A timer of Node's ends at 24 days.
const longestWait = 20 * 86_400

/**
 * Given an encrypted image, its disk's size, its keys and a range, yield the pieces of the range in order, read and
 * decrypted by as many threads as there are processors. Memory: three pieces for each. Throws OperationalError.
 */
export async function* readInThreads(
  { path, container }: Pick<Image, 'path' | 'container'>,
  size: number,
  key: DataKey,
  range: Range,
): AsyncGenerator<Piece, void, void> {
  const threads = Math.max(1, Math.min(cores(), mostThreads, pieceCount(range)))
  const keys = new SharedArrayBuffer(key.cipherKey.length + key.hmacKey.length)
  const slots = new SharedArrayBuffer(threads * slotsForEach * pieceBytes)
  const states = new Int32Array(new SharedArrayBuffer(threads * slotsForEach * Int32Array.BYTES_PER_ELEMENT))
  key.cipherKey.copy(Buffer.from(keys))
  key.hmacKey.copy(Buffer.from(keys, key.cipherKey.length))
  const ended = new AbortController()
  const order = (thread: number): ReadOrder => ({
    path,
    container,
    size,
    range,
    keys,
    cipherKeyBytes: key.cipherKey.length,
    blockSize: key.blockSize,
    thread,
    threads,
    slots,
    states: states.buffer,
  })
  const options = { timeoutSeconds: longestWait, what: 'reading the disk', signal: ended.signal }
  const working = Array.from({ length: threads }, (_, thread) =>
    inWorker<void>(new URL('./read-tasks.js', import.meta.url), 'readPieces', order(thread), options),
  )
  // Heard only where a piece is waited for; one that fails when nobody waits is no crash.
  const failed = Promise.all(working).then(() => new Promise<never>(() => undefined))
  failed.catch(() => undefined)
  try {
    for (let number = 0; number < pieceCount(range); number += 1) {
      const slot = number % states.length
      while (Atomics.load(states, slot) === slotState.free) {
        const { async: later, value } = Atomics.waitAsync(states, slot, slotState.free)
        if (later) await Promise.race([value, failed])
      }
      const place = pieceAt(range, number)
      const full = states[slot] === slotState.full
      yield { ...place, bytes: full ? Buffer.from(slots, slot * pieceBytes, place.length) : undefined }
      Atomics.store(states, slot, slotState.free)
      Atomics.notify(states, slot)
    }
  } finally {
    ended.abort(new Error('no more pieces are wanted'))
    await Promise.allSettled(working)
    Buffer.from(keys).fill(0)
    Buffer.from(slots).fill(0)
  }
}
