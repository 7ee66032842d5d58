import { Buffer } from 'node:buffer'
import type { Config } from '../generated/config.js'
import { validateConfig } from '../generated/validators.js'
import { fillDefaults, type Origin } from './defaults.js'
import { explain } from './explain.js'
import { pathText, type Location } from './location.js'
import { parse, type Parsed } from './parse.js'
import type { ConfigProblem } from './problem.js'
import { remarks } from './rules.js'

/** What came of reading a configuration: with an error among the problems there is no `filled`. */
export interface Reading {
  readonly problems: readonly ConfigProblem[]
  readonly filled?: { readonly config: Config; readonly origins: ReadonlyMap<string, Origin> }
  /** Where in the file a setting stands. */
  readonly place: Place
}

/** Given a location, return its line and column, or of what it would stand in; nothing without a file. */
export type Place = (location: Location) => { readonly line?: number; readonly column?: number }

/** Given the bytes of a configuration file, return its settings with all defaults, and everything wrong with it at once. */
export function readConfig(bytes: Buffer): Reading {
  const text = decode(bytes)
  if (typeof text !== 'string') return { problems: [text], place: () => ({}) }
  const parsed = parse(text)
  const place: Place = (location) => parsed.position(parsed.offsetOf(location))
  const problems = [...parsed.problems, ...schemaProblems(parsed)]
  if (problems.length > 0) return { problems: problems.sort(byPlace), place }
  const filled = fillDefaults(parsed.value)
  const said = remarks(filled.config, filled.origins).map(({ severity, location, message }) => {
    return { severity, ...place(location), path: pathText(location), message }
  })
  if (said.some(({ severity }) => severity === 'error')) return { problems: said.sort(byPlace), place }
  return { problems: said.sort(byPlace), filled, place }
}

/** What stands after the first slip of syntax may have been read wrong: nothing is said about it. */
function schemaProblems({ value, brokenAt, offsetOf, position }: Parsed): ConfigProblem[] {
  if (validateConfig(value)) return []
  return (validateConfig.errors ?? []).flatMap((error) => {
    const { location, what, message } = explain(error, value)
    const offset = offsetOf(location, what)
    return offset >= brokenAt
      ? []
      : [{ severity: 'error' as const, ...position(offset), path: pathText(location), message }]
  })
}

function decode(bytes: Buffer): string | ConfigProblem {
  const wrong = (message: string): ConfigProblem => ({ severity: 'error', path: '', message })
  if (bytes.length === 0) return wrong('the file is empty: write {} into it, or remove it.')
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') return wrong('it is stored as UTF-16: store it as UTF-8.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const line = firstBadLine(bytes)
    return { severity: 'error', line, column: 1, path: '', message: 'this line is no UTF-8: store the file as UTF-8.' }
  }
}

/** No byte of a longer UTF-8 sequence is a line feed, so that each line can be looked at by itself. */
function firstBadLine(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  const bad = lines.findIndex((line) => Buffer.from(line, 'latin1').toString('utf8').includes('\ufffd'))
  return bad < 0 ? 1 : bad + 1
}

const byPlace = (one: ConfigProblem, other: ConfigProblem): number =>
  (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0)
