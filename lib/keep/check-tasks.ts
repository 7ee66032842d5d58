import { memberTypes } from '../image/member-table.js'
import { bandName } from '../image/band-names.js'
import { facts } from '../look/members.js'
import { lookAtAll } from '../system/folder-looks.js'
import type { Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'
import { sameTime } from '../verify/reuse.js'

/** What a member must be that has a name now. */
export interface Expected {
  readonly inode: number
  readonly size: number
  /** Microseconds since 1970. */
  readonly modified: number
}

/** Bands that were linked and are to be checked, handed over in a ring that both threads see. */
export interface CheckOrder {
  /** Held by this process as long as the thread works. */
  readonly folder: Folder
  /** Index, inode, size and mtime (microseconds since 1970) of each band; `ringRows` rows. */
  readonly ring: Float64Array
  /** See `cell`. */
  readonly state: Int32Array
}

export const ringRows = 4096
export const ringColumns = 4
/** Places in `state`: rows written so far, rows read so far, 1 once no more will come, and what the thread found. */
export const cell = { written: 0, read: 1, closed: 2, verdict: 3 } as const
export const verdicts = { pending: 0, right: 1, wrong: 2 } as const
/** One who was handed nothing for so long will never be. */
const patienceMilliseconds = 60_000

/** Tell whether a lstat is of the file that is expected; `cloned`: its inode is its own. */
export function isExpected(stats: Parameters<typeof facts>[0], expected: Expected, cloned = false): boolean {
  const { type, inode, size, modified } = facts(stats)
  return (
    type === memberTypes[0] &&
    (cloned || inode === expected.inode) &&
    size === expected.size &&
    sameTime(Math.floor(modified * 1000), expected.modified)
  )
}

function checkLinks({ folder, ring, state }: CheckOrder): void {
  let row = 0
  const handedOver = function* (): Generator<RawPath, undefined> {
    for (;;) {
      const written = Atomics.load(state, cell.written)
      for (; row < written; row += 1) yield bandName(ring[(row % ringRows) * ringColumns] as number)
      Atomics.store(state, cell.read, row)
      Atomics.notify(state, cell.read)
      if (Atomics.load(state, cell.closed) === 1 && row === Atomics.load(state, cell.written)) return undefined
      if (row === written && Atomics.wait(state, cell.written, written, patienceMilliseconds) === 'timed-out')
        return undefined
    }
  }
  let wrong = false
  lookAtAll(folder, handedOver(), (_name, stats) => {
    const place = (row % ringRows) * ringColumns
    const [inode = 0, size = 0, modified = 0] = ring.subarray(place + 1, place + ringColumns)
    if (stats === undefined || !isExpected(stats, { inode, size, modified })) wrong = true
  })
  Atomics.store(state, cell.verdict, wrong ? verdicts.wrong : verdicts.right)
  Atomics.notify(state, cell.verdict)
}

export const tasks = { checkLinks }
