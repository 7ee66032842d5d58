/** Times of one member in whole microseconds since 1970. */
export interface Times {
  readonly modified: number
  readonly changed: number
}

/** Two times that are the same one: as doubles of milliseconds they are exact to a quarter of a microsecond. */
export const sameTime = (one: number, other: number): boolean => Math.abs(one - other) <= 1

/** Given a volume's step of times in milliseconds, return how many microseconds a time must be past to have settled. */
export const settleMicroseconds = (granularity: number): number => Math.max(2000, 2 * granularity) * 1000

/**
 * When a member was last written, as far as its times tell, in microseconds. Every write sets mtime and ctime; an mtime
 * later than the ctime was set by hand and says nothing.
 */
export const writtenAt = ({ modified, changed }: Times, settle: number): number =>
  modified > changed + settle ? changed : Math.max(modified, changed)

/**
 * Given a member's times, when it was looked at (microseconds) and the volume's settling time, tell whether a later
 * write would show: on a volume with steps of 1 s, 18 of 20 rewrites 0.1 s later left every time as it was.
 */
export const hasSettled = (times: Times, lookedAt: number, settle: number): boolean =>
  writtenAt(times, settle) <= lookedAt - settle
