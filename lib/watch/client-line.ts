import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { callWatch, type CallClient, type ClientCall } from './client-call.js'
import type { ClientSight } from './client-sight.js'
import type { ClientWord } from './client-words.js'
import type { Happened } from './events.js'

/** What a line to a client needs of the world. */
export interface LineEyes {
  now(): number
  /** Waits so many milliseconds, whatever happens. */
  late(milliseconds: number): Promise<void>
  readonly call: CallClient
}

/** Listens to a client for as long as the watch goes on, over one call after the other. */
export interface ClientLine {
  /** Once an interval: gives up a call that is silent, and calls anew where there is none. */
  keep(): void
  /** Asks for a last look and hangs up. */
  end(): Promise<void>
}

/** Without a word for longer than so many intervals, and so many milliseconds, nothing is seen any more. */
const mostIntervals = 3
const leastPatience = 10_000
/** A call that lasted so long did not fail for what makes the next one fail as well. */
const steady = 60_000
const longestDelay = 300_000
/** The last look is waited for no longer: the post-backup hook waits as well. */
const lastAnswer = 2000
const mostSaid = 200

/** Given the milliseconds between two looks, who follows the images and who is told, return the line, not yet open. */
export function clientLine(
  interval: number,
  sight: ClientSight,
  tell: (line: Happened) => void,
  eyes: LineEyes,
): ClientLine {
  const patience = Math.max(mostIntervals * interval, leastPatience)
  let call: ClientCall | undefined
  let [called, callAgain, failures] = [0, 0, 0]
  let [looked, hasLooked] = [eyes.now(), false]
  let blind: string | undefined

  const tellGap = (): void => {
    const unseen = eyes.now() - looked
    if (unseen > patience) blind ??= nothingTold
    if (blind === undefined) return
    tell({ event: 'gap', detail: `${(unseen / 1000).toFixed(1)} s (${blind})` })
    blind = undefined
  }
  const take = (word: ClientWord): void => {
    if (word.says === 'began') sight.begin()
    else if (word.says === 'gap') tell({ event: 'gap', detail: `${String(word.seconds)} s between two looks` })
    else if (word.says === 'problem') tell({ event: 'gap', detail: `part of the run (the client: ${said(word.text)})` })
    if (word.says !== 'tick') return sight.take(word)
    tellGap()
    ;[looked, hasLooked] = [eyes.now(), true]
    sight.settle().forEach(tell)
  }
  const hangUp = (why: string): void => {
    const now = eyes.now()
    if (why !== '') blind ??= why
    failures = now - called > steady ? 0 : failures + 1
    callAgain = failures === 0 ? now : now + Math.min(longestDelay, interval * 2 ** (failures - 1))
    call?.cut()
    call = undefined
  }
  /** Hangs up where the call is over, or nothing is heard. */
  const check = (): void => {
    const now = eyes.now()
    // A clock that was set back: how long nothing was heard is not known.
    const back = now < Math.max(looked, called)
    if (back) [looked, called] = [Math.min(looked, now), Math.min(called, now)]
    const ended = call?.ended()
    const silent = back || now - Math.max(looked, called) > patience
    if (ended !== undefined) hangUp(ended)
    else if (call !== undefined && silent) hangUp(nothingTold)
  }
  return {
    keep() {
      check()
      const now = eyes.now()
      call?.renew()
      if (call !== undefined || (now < callAgain && callAgain - now <= longestDelay)) return
      called = now
      call = callWatch(eyes.call, take)
    },
    async end() {
      check()
      call?.close()
      await Promise.race([call?.over, eyes.late(lastAnswer)])
      const ended = call?.ended()
      if (ended !== undefined) hangUp(ended)
      call?.cut()
      if (!hasLooked) blind ??= 'the client had not looked yet'
      tellGap()
    },
  }
}

const nothingTold = 'the client told nothing'

const said = (text: string): string => printable(text.slice(0, mostSaid) as RawPath)
