import { startWorker } from '../system/worker-start.js'
import type { Folder } from '../system/folder.js'
import { cell, ringColumns, ringRows, verdicts, type CheckOrder, type Expected } from './check-tasks.js'

/** Checks bands in a thread of its own while more are linked. */
export interface CheckBehind {
  /** Hands over the band of that index, which has its name by now. */
  add(index: number, expected: Expected): void
  /** No more will come: waits for the thread and tells whether all were right. false: look again, here. */
  finish(): boolean
}

/** Handed over so many at a time: waking a thread costs more than a look. */
const batch = 256

/**
 * Given a held folder of ours, start to check what is linked into it. The folder stays held until `finish`. A thread that
 * does not answer for `patienceMilliseconds` is given up.
 */
export function checkBehind({ path, descriptor, stats }: Folder, patienceMilliseconds = 5000): CheckBehind {
  const state = new Int32Array(new SharedArrayBuffer(4 * Object.keys(cell).length))
  const ring = new Float64Array(new SharedArrayBuffer(8 * ringColumns * ringRows))
  const data: CheckOrder = { folder: { path, descriptor, stats }, ring, state }
  const module = new URL('./check-tasks.js', import.meta.url).href
  const worker = startWorker({ module, task: 'checkLinks', data }, { maxOldGenerationSizeMb: 64, stackSizeMb: 4 })
  // Its answer is in the state.
  worker.on('error', () => undefined)
  worker.unref()
  let written = 0
  let lost = false
  const tell = (): void => {
    Atomics.store(state, cell.written, written)
    Atomics.notify(state, cell.written)
  }
  const room = (): boolean => {
    for (let read = Atomics.load(state, cell.read); written - read >= ringRows; read = Atomics.load(state, cell.read)) {
      tell()
      if (Atomics.wait(state, cell.read, read, patienceMilliseconds) === 'timed-out') return false
    }
    return true
  }
  return {
    add(index, { inode, size, modified }) {
      lost ||= !room()
      if (lost) return
      ring.set([index, inode, size, modified], (written % ringRows) * ringColumns)
      written += 1
      if (written % batch === 0) tell()
    },
    finish() {
      Atomics.store(state, cell.closed, 1)
      tell()
      if (!lost) Atomics.wait(state, cell.verdict, verdicts.pending, patienceMilliseconds)
      // A thread that waits for nothing more must not use the descriptor when it is another folder's.
      void worker.terminate()
      return !lost && Atomics.load(state, cell.verdict) === verdicts.right
    },
  }
}
