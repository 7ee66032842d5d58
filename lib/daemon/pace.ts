/** How often what is done. */
export interface Pace {
  /** Seconds between two looks. */
  readonly interval: number
  /** Minutes between two searches at the least. */
  readonly searchMinutes: number
}

/** What takes a program, or long, to find out. */
export const askable = ['uses', 'users', 'found'] as const
export type Asked = (typeof askable)[number]

/** When what is to be done next. */
export interface Times {
  /** Milliseconds between two looks at most. */
  readonly longest: number
  /** Milliseconds until the next look. */
  pause(): number
  /** Something happened: the next looks are near. */
  happened(): void
  /** Does it, and notes how long it takes. */
  timed<Answer>(what: Exclude<Asked, 'found'>, act: () => Promise<Answer>): Promise<Answer>
  /** How long a search took, milliseconds. */
  searched(milliseconds: number): void
  asked(what: Asked): void
  due(what: Asked): boolean
  /** As `due`, where something says that there is news. */
  dueSoon(what: Asked): boolean
  /** How long ago anything was is not known: all is due. */
  restart(): void
}

/** After an event, looks are this near to each other for a while, milliseconds. */
const nearLook = 1000
const nearFor = 10_000
/** After an answer, this many times as long as it took passes until it is asked again: it costs so small a share of a core. */
const rests = { quiet: 200, hinted: 20 }
/** Who uses the images is asked at least once in so many looks, whatever it costs. */
const looksApart = 6

/** Given how often what is done and a clock in milliseconds that may be set at any time, return when it is next. */
export function timesOf({ interval, searchMinutes }: Pace, now: () => number): Times {
  const longest = interval * 1000
  const took = { found: 0, uses: 0, users: 0 }
  let last: Record<Asked, number> = { found: -Infinity, uses: -Infinity, users: -Infinity }
  let event = -Infinity
  // However the clock was set, nothing is put off for longer than it takes.
  const since = (moment: number): number => Math.abs(now() - moment)
  const rest = (what: Asked, times: number): number => times * took[what]
  return {
    longest,
    pause: () => (since(event) < nearFor ? Math.min(nearLook, longest) : longest),
    happened: () => (event = now()),
    async timed(what, act) {
      const began = performance.now()
      try {
        return await act()
      } finally {
        took[what] = performance.now() - began
      }
    },
    searched: (milliseconds) => (took.found = milliseconds),
    asked: (what) => (last[what] = now()),
    due(what) {
      const most = { found: Infinity, uses: looksApart * longest, users: longest }[what]
      const least = what === 'found' ? searchMinutes * 60_000 : longest
      return since(last[what]) >= Math.max(least, Math.min(most, rest(what, rests.quiet)))
    },
    dueSoon(what) {
      const hinted = Math.max(nearLook, rest(what, rests.hinted))
      return since(last[what]) >= (what === 'found' ? Math.max(longest, hinted) : Math.min(longest, hinted))
    },
    restart: () => (last = { found: -Infinity, uses: -Infinity, users: -Infinity }),
  }
}
