import type { Happened } from './events.js'
import type { Guard } from './guard.js'
import type { ReactionOrder, WatchedProcess } from './order.js'
import {
  after,
  afterPause,
  obstacle,
  reached,
  reasonToGoOn,
  undisturbed,
  type PauseState,
  type Reached,
} from './pause.js'
import type { RsyncProcess } from './rsync-processes.js'
import type { RawPath } from '../text/raw-path.js'

/** What a watch does besides noting. */
export interface Reaction {
  /** Takes what happened since the last look, and does what follows from it, beside the looks. */
  see(events: readonly Happened[]): void
  /** It wants to know soon who uses the images. */
  waits(): boolean
  /** Lets rsync go on and does nothing more. */
  end(): Promise<void>
}

/** How rsync is seen and handled; tests hand in other ones. */
export interface Hands {
  /** Milliseconds on a clock that nobody sets. */
  now(): number
  lbackupLives(): Promise<boolean>
  /** LBackup's rsync; undefined: not known. */
  rsync(): Promise<readonly RsyncProcess[] | undefined>
  /** Where volumes of images are mounted; undefined: not known. */
  volumes(): Promise<readonly RawPath[] | undefined>
  startGuard(
    wentOn: () => void,
    lost: () => void,
  ): Pick<Guard, 'standsBy' | 'gone' | 'beat' | 'end'> & {
    /** `longest`: milliseconds after which the guard ends the pause itself. */
    arm(slot: string, processes: readonly WatchedProcess[], longest: number): Promise<boolean>
    disarm(): void
  }
  signal(pid: number, name: 'SIGSTOP' | 'SIGTERM'): void
  letGoOn(processes: readonly WatchedProcess[]): Promise<unknown>
  tell(line: Happened): void
}

/** While rsync stands still, so often is looked whether it may go on, and told to the guard that we are at work. */
const beatEvery = 400

/** Given what is to be done and the hands to do it with, return the reaction. */
export function reaction(order: ReactionOrder, hands: Hands): Reaction {
  let state: PauseState = undisturbed
  let guard: ReturnType<Hands['startGuard']> | undefined
  let [working, goingOn]: (Promise<void> | undefined)[] = []
  let beating: NodeJS.Timeout | undefined
  let ended = false
  const refused = new Set<string>()

  const step = (): void => {
    if (ended || working !== undefined || (state.paused === undefined && state.restless.size === 0)) return
    working = work().finally(() => (working = undefined))
  }

  async function work(): Promise<void> {
    if (state.paused !== undefined) {
      const guarded = guard?.standsBy() === true
      const why = reasonToGoOn(order, state, { now: hands.now(), guarded, lbackupLives: await hands.lbackupLives() })
      return why === undefined ? undefined : goOn(why)
    }
    if (state.over) return
    // It takes longer to start than rsync may stay where it is.
    if (order.mode === 'pause') guard ??= hands.startGuard(guardLetGoOn, step)
    const rsync = (await hands.rsync()) ?? []
    const at = reached(order, state, rsync)
    if (at === undefined) return
    if (order.mode === 'stop') stop(at, rsync)
    else await pause(at, rsync)
  }

  function stop({ slot, why }: Reached, rsync: readonly RsyncProcess[]): void {
    if (ended) return
    state = { ...state, over: true }
    hands.tell({ event: 'stopped', slot, processes: identities(rsync), detail: why })
    for (const { pid } of rsync) hands.signal(pid, 'SIGTERM')
  }

  async function pause({ slot }: Reached, rsync: readonly RsyncProcess[]): Promise<void> {
    if (guard?.gone() === true) return refuse(slot, 'the guard of the pause could not be started')
    if (guard?.standsBy() !== true) return
    const volumes = await hands.volumes()
    const armed = await guard.arm(slot, identities(rsync), order.longestPause - state.spent)
    // rsync went on meanwhile, and may be somewhere else.
    const now = ((await hands.rsync()) ?? []).filter((one) => rsync.some((same) => isSame(same, one)))
    const still = reached(order, state, now)
    const why = armed ? obstacle(order, now, volumes) : 'the guard of the pause did not answer'
    if (ended || still?.slot !== slot || why !== undefined) {
      guard.disarm()
      return why === undefined || still === undefined ? undefined : refuse(slot, why)
    }
    // Nothing is waited for from here until all of them are stopped.
    state = { ...state, paused: { slot, since: hands.now(), processes: identities(now) } }
    hands.tell({ event: 'paused', slot, processes: identities(now), detail: still.why })
    for (const { pid } of now) hands.signal(pid, 'SIGSTOP')
    beating = setInterval(beat, beatEvery)
    const held = obstacle(order, (await hands.rsync()) ?? [], await hands.volumes())
    if (held !== undefined) await goOn(held)
  }

  const beat = (): void => {
    guard?.beat()
    step()
  }

  function refuse(slot: string, why: string): void {
    if (refused.has(slot)) return
    refused.add(slot)
    hands.tell({ event: 'not-paused', slot, detail: why })
  }

  /** rsync goes on first; then it is told. */
  const goOn = (why: string): Promise<void> =>
    (goingOn ??= (async () => {
      const { paused } = state
      if (paused === undefined) return
      await hands.letGoOn(paused.processes)
      clearInterval(beating)
      guard?.disarm()
      const { slot, by } = state.paused ?? paused
      if (state.paused !== undefined) {
        state = afterPause(state, hands.now(), why)
        hands.tell({ event: 'resumed', slot, detail: by === undefined ? why : `${why}, used ${by}` })
      }
    })().finally(() => (goingOn = undefined)))

  /** It has told so itself. */
  const guardLetGoOn = (): void => {
    clearInterval(beating)
    state = afterPause(state, hands.now(), 'the guard let it')
  }

  return {
    see(events) {
      state = events.reduce((before, event) => after(order, before, event), state)
      step()
    },
    waits: () => state.paused !== undefined,
    async end() {
      ended = true
      await goOn('the watch ended')
      guard?.end()
    },
  }
}

const identities = (processes: readonly WatchedProcess[]): WatchedProcess[] =>
  processes.map(({ pid, startTime }) => ({ pid, startTime }))

const isSame = (one: WatchedProcess, other: WatchedProcess): boolean =>
  one.pid === other.pid && one.startTime === other.startTime
