import { spinningDisk } from '../system/disk-kind.js'
import { cores } from '../system/host.js'
import { inWorker } from '../system/worker.js'
import { hashMembers, type HashAnswer, type HashOrder, type HashSide, type tasks } from './hash-tasks.js'
import type { PieceOrder } from './piece-tasks.js'

export interface HashRequest {
  readonly sides: readonly (HashSide & { readonly device: number })[]
  /** Row times two, plus the side. */
  readonly jobs: Uint32Array
  /** Bytes that will be read, about. */
  readonly bytes: number
  /** Size of the longest file. */
  readonly longest: number
  readonly deadline: number
  /** Threads; found out from the disks unless given. */
  readonly readers?: number
}

export interface Hashed extends HashAnswer {
  /** By job, see `jobState`. */
  readonly states: Uint8Array
}

// Starting a thread takes as long as hashing this much.
export const ownThreadBytes = 64 * 1024 * 1024
const mostReaders = 4
// While one waits for the disk another one hashes.
const readersForEachCore = 2
const seconds = 1000
// A timer of Node's ends at 24 days.
const longestWait = 20 * 86_400

/** One queue of jobs and how many readers take from it. */
export interface Queue {
  readonly sides: readonly number[]
  readonly readers: number
}

/**
 * Given on which disk each side lies and whether that spins, return the queues: one reader for each spinning disk, whose
 * head would only jump between two; all others share their readers.
 */
export function queuesFor(
  disks: readonly { readonly disk: number; readonly spins: boolean }[],
  readers: number,
): Queue[] {
  const [first, second] = disks
  if (first === undefined) return []
  if (second !== undefined && second.disk !== first.disk && (first.spins || second.spins)) {
    return disks.map(({ spins }, side) => ({ sides: [side], readers: spins ? 1 : Math.max(1, readers - 1) }))
  }
  return [{ sides: disks.map((_, side) => side), readers: disks.some(({ spins }) => spins) ? 1 : readers }]
}

/** Given members to hash, do so in as many threads as pays. Digests and states are in shared memory. Throws OperationalError. */
export async function hash(request: HashRequest): Promise<Hashed> {
  const { sides, jobs, bytes, longest, deadline } = request
  const disks = sides.map(({ device }) => spinningDisk(device))
  const queues =
    request.readers === 1 || bytes <= ownThreadBytes ? ownThread(sides) : queuesFor(disks, readersOf(request))
  const ordered = shared(Uint32Array, jobs.length)
  const next = shared(Int32Array, queues.length * 2)
  const states = shared(Uint8Array, jobs.length)
  let filled = 0
  queues.forEach((queue, at) => {
    next[at * 2] = filled
    for (const job of jobs) if (queue.sides.includes(job % 2)) ordered[filled++] = job
    next[at * 2 + 1] = filled
  })
  const order = (queue: number): HashOrder => ({
    sides: sides.map(({ folder, parts, digests }) => ({ folder, parts, digests })),
    jobs: ordered,
    states,
    next,
    queue,
    deadline,
    longest,
  })
  const workers = queues.flatMap((queue, at) => Array.from({ length: queue.readers }, () => order(at)))
  const answers =
    workers.length === 1
      ? [hashMembers(workers[0] as HashOrder)]
      : await Promise.all(workers.map((one) => inHashThread<HashAnswer>('hashMembers', one, deadline)))
  jobs.set(ordered)
  return {
    states,
    bytes: answers.reduce((sum, one) => sum + one.bytes, 0),
    files: answers.reduce((sum, one) => sum + one.files, 0),
    failures: sides.map((_, side) => answers.map(({ failures }) => failures[side]).find((why) => why !== undefined)),
  }
}

const ownThread = (sides: readonly unknown[]): Queue[] => [{ sides: sides.map((_, side) => side), readers: 1 }]

const readersOf = ({ readers }: HashRequest): number => readers ?? Math.min(cores() * readersForEachCore, mostReaders)

/** Given one of the tasks that read, and its order, let a thread of its own do it. Rejects with OperationalError. */
export function inHashThread<Answer>(
  task: keyof typeof tasks,
  order: HashOrder | PieceOrder,
  deadline: number,
): Promise<Answer> {
  // The thread looks at the time before each member or piece; the last one may take long.
  const left = Math.max(60, (deadline - Date.now()) / seconds)
  const timeoutSeconds = Math.min(left, longestWait) + 3600
  const what = 'comparing the copies'
  return inWorker(new URL('./hash-tasks.js', import.meta.url), task, order, { timeoutSeconds, what })
}

/** Given a kind of array and a length, return one that threads share. */
export function shared<Column>(
  kind: { new (buffer: SharedArrayBuffer): Column; readonly BYTES_PER_ELEMENT: number },
  length: number,
): Column {
  return new kind(new SharedArrayBuffer(Math.max(1, length) * kind.BYTES_PER_ELEMENT))
}
