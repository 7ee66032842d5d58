import { spawnSync } from 'node:child_process'

/** One figure against its limit. */
export interface Figure {
  readonly work: string
  /** What was measured, as a person reads it. */
  readonly shown: string
  /** The figure that the limit is for: a ratio, or MiB. */
  readonly value: number
  readonly limit: number
  /** The figure must not be below the limit; else it must not be above. */
  readonly atLeast?: boolean
}

export interface Comparison {
  readonly work: string
  readonly limit: number
  /** The figure is how many times as fast as the reference this is; else how many times as long it takes. */
  readonly atLeast?: boolean
  /** What is compared with, in a word or two. */
  readonly against: string
  /** Does the work once; returns how long it took in milliseconds, leaving out what is not to be measured. */
  readonly subject: () => number | Promise<number>
  readonly reference: () => number | Promise<number>
}

const rounds = 5

/**
 * Given two ways to do a thing, do them by turns, five times after one that does not count, and return the median of
 * the ratios: what else the machine does weighs on both halves of a pair alike.
 */
export async function compare(comparison: Comparison): Promise<Figure> {
  const { work, limit, against, subject, reference, atLeast = false } = comparison
  const pairs: { subject: number; reference: number }[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const pair = { reference: await reference(), subject: await subject() }
    if (round > 0) pairs.push(pair)
  }
  const [mine, other] = [median(pairs.map((pair) => pair.subject)), median(pairs.map((pair) => pair.reference))]
  return {
    work,
    limit,
    value: median(pairs.map((pair) => (atLeast ? pair.reference / pair.subject : pair.subject / pair.reference))),
    atLeast,
    shown: `${mine.toFixed(0)} ms, ${against} ${other.toFixed(0)} ms`,
  }
}

/** Given numbers, return the middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

/** Given an action, return how many milliseconds it takes. */
export function milliseconds(action: () => unknown): number {
  const start = performance.now()
  action()
  return performance.now() - start
}

/** Given a program and its arguments, run it with its output thrown away and return how many milliseconds it took. */
export function programMilliseconds(file: string, args: readonly string[]): number {
  return milliseconds(() => {
    const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) throw error ?? new Error(`${file} ended with ${String(status)}`)
  })
}

/** Given all figures, print them as a table and as one line of JSON, and return whether every limit was kept. */
export function report(figures: readonly Figure[]): boolean {
  const rows = figures.map((figure) => {
    const { work, shown, value, limit, atLeast } = figure
    const sign = atLeast === true ? '≥' : '≤'
    return [work, shown, value.toFixed(2), `${sign} ${String(limit)}`, isKept(figure) ? 'ok' : 'MISSED']
  })
  const table = [['work', 'measured', 'figure', 'limit', ''], ...rows]
  const widths = (table[0] as string[]).map((_, column) =>
    Math.max(...table.map((row) => (row[column] as string).length)),
  )
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
  const ratios = Object.fromEntries(
    figures.map(({ work, value, limit }) => [work, { value: Number(value.toFixed(3)), limit }]),
  )
  console.log(JSON.stringify(ratios))
  return figures.every(isKept)
}

const isKept = ({ value, limit, atLeast }: Figure): boolean => (atLeast === true ? value >= limit : value <= limit)

/** Given a path below the project, import that module from the build: what is measured is what is shipped. */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as Module
}
