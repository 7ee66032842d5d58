import { question } from '../watch/question.js'
import type { DaemonEyes } from './daemon-type.js'
import type { KnownImage } from './known.js'
import { askable, type Asked, type Times } from './pace.js'
import type { Found } from './settle.js'
import type { Uses } from './uses.js'

/** What was answered; undefined: nothing new. */
export interface Answers {
  readonly found: Found | undefined
  readonly uses: Uses | undefined
  readonly users: ReadonlySet<string> | undefined
}

/** What the daemon asks beside its looks: programs that hang, and a long search, hold up none of them. */
export interface Questions {
  ask(what: Asked): void
  /** Asks what is due, and that of which there may be news; what may not be asked yet, as soon as it may. */
  askDue(news: Readonly<Record<Asked, boolean>>): void
  /** What arrived since it was called last. */
  answers(): Answers
  /** Waits for what is asked, not for long. Returns how long, milliseconds; what that takes is no standstill. */
  wait(...what: readonly Asked[]): Promise<number>
  /** A search goes on, and not for long: what is missing may be where it has not told of yet. */
  searching(): boolean
  /** Forgets what is asked: its answer would not be of now. */
  renew(): void
}

/** Answers are waited for no longer before the next look, milliseconds. */
const longestAnswer = 2000
/** What is missing is not said to be gone before a search has told, or took longer than this, milliseconds. */
const longestSearch = 4000

type QuestionEyes = Pick<DaemonEyes, 'now' | 'late' | 'find' | 'uses' | 'loggedIn'>

/** Given how often what is asked, and which images lie at their places, return who asks. */
export function questions(pace: Times, eyes: QuestionEyes, there: () => readonly KnownImage[]): Questions {
  const begin = () => ({
    found: question(() => eyes.find()),
    uses: question(() => pace.timed('uses', () => eyes.uses(there()))),
    users: question(() => pace.timed('users', () => eyes.loggedIn())),
  })
  const wanted = { uses: false, users: false, found: false }
  let asked = begin()
  let searchedFrom = -Infinity
  const ask = (what: Asked): void => {
    pace.asked(what)
    wanted[what] = false
    if (what === 'found') searchedFrom = eyes.now()
    asked[what].ask()
  }
  return {
    ask,
    askDue(news) {
      for (const what of askable) {
        wanted[what] ||= news[what]
        if (pace.due(what) || (wanted[what] && pace.dueSoon(what))) ask(what)
      }
    },
    answers() {
      const answers = { found: asked.found.answer(), uses: asked.uses.answer(), users: asked.users.answer() }
      if (asked.found.asking() === undefined) searchedFrom = -Infinity
      return answers
    },
    async wait(...what) {
      const from = eyes.now()
      await Promise.race([Promise.all(what.flatMap((one) => asked[one].asking() ?? [])), eyes.late(longestAnswer)])
      return Math.min(longestAnswer, Math.max(0, eyes.now() - from))
    },
    searching: () => Math.abs(eyes.now() - searchedFrom) < longestSearch,
    renew: () => (asked = begin()),
  }
}
