import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { nameIn, type MemberPart } from '../image/member-table.js'
import { hashFileIn, pieceBytes } from '../system/read-file.js'
import { closeFolder, openFolder, type Folder } from '../system/folder.js'
import { hashPieces } from './piece-tasks.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What became of one job. */
export const jobState = { pending: 0, done: 1, failed: 2 } as const

/** Where the members of one image lie. */
export interface HashSide {
  /** The bundle's folder. */
  readonly folder: RawPath
  readonly parts: readonly MemberPart[]
  /** 32 bytes a row; shared with whoever gave the order. */
  readonly digests: Uint8Array
}

/** Members to hash. The typed arrays are shared by all who work on the order. */
export interface HashOrder {
  /** The image and its copy. */
  readonly sides: readonly HashSide[]
  /** Row times two, plus the side: done in this order. */
  readonly jobs: Uint32Array
  readonly states: Uint8Array
  /** The next job, and behind it the end, for each queue that is given. */
  readonly next: Int32Array
  /** Which queue this worker takes from. */
  readonly queue: number
  /** No job is begun after this moment, milliseconds since 1970. */
  readonly deadline: number
  readonly longest: number
}

export interface HashAnswer {
  readonly bytes: number
  readonly files: number
  /** Why the first member that could not be read could not, for each side. */
  readonly failures: (string | undefined)[]
}

/** Given an order, take jobs from its queue until none is left or the time is over. */
export function hashMembers({ sides, jobs, states, next, queue, deadline, longest }: HashOrder): HashAnswer {
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, longest)))
  const folders = new Map<string, Folder>()
  const answer: HashAnswer = { bytes: 0, files: 0, failures: sides.map(() => undefined) }
  let { bytes, files } = answer
  try {
    for (;;) {
      if (Date.now() > deadline) break
      const at = Atomics.add(next, queue * 2, 1)
      if (at >= (next[queue * 2 + 1] as number)) break
      const job = jobs[at] as number
      const side = job % 2
      const row = Math.floor(job / 2)
      const { folder, parts, digests } = sides[side] as HashSide
      const part = parts.findLast(({ start }) => start <= row) as MemberPart
      try {
        const held = hold(folders, join(folder, part.part))
        bytes += hashFileIn(held, nameIn(part, row - part.start), buffer, digests, row * 32)
        files += 1
        states[at] = jobState.done
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        states[at] = jobState.failed
        answer.failures[side] ??= error.message
      }
    }
  } finally {
    for (const held of folders.values()) closeFolder(held)
  }
  return { ...answer, bytes, files }
}

function hold(folders: Map<string, Folder>, path: RawPath): Folder {
  const known = folders.get(path)
  if (known !== undefined) return known
  const folder = openFolder(path)
  folders.set(path, folder)
  return folder
}

export const tasks = { hashMembers, hashPieces }
