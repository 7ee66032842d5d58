import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { fromHex } from './words.js'

/** A line of an answer, taken word by word. Each throws OperationalError `client-answer-odd` where there is none such. */
export interface LineWords {
  readonly kind: string
  word(): string
  /** Not below 0. */
  number(): number
  /** From hex digits. */
  path(): RawPath
  /** All that is left. */
  rest(): string
}

/** Given a line of an answer, return its words, one after the other. */
export function lineWords(line: string): LineWords {
  let at = line.indexOf(' ')
  const kind = at < 0 ? line : line.slice(0, at)
  const word = (): string => {
    if (at < 0) throw odd(`the line \`${printable(line.slice(0, 80) as RawPath)}\` is too short`)
    const end = line.indexOf(' ', at + 1)
    const found = end < 0 ? line.slice(at + 1) : line.slice(at + 1, end)
    at = end
    return found
  }
  return {
    kind,
    word,
    number(): number {
      const value = Number(word())
      if (!Number.isFinite(value) || value < 0)
        throw odd(`\`${printable(line.slice(0, 80) as RawPath)}\` holds no number`)
      return value
    },
    path(): RawPath {
      const path = fromHex(word())
      if (path === undefined) throw odd(`\`${printable(line.slice(0, 80) as RawPath)}\` holds no path`)
      return path
    },
    rest: (): string => (at < 0 ? '' : line.slice(at + 1)),
  }
}

/** Given what came before a line, return the newest of it. Throws OperationalError `client-answer-odd` where nothing did. */
export function last<Item>(items: readonly Item[], line: string): Item {
  const item = items.at(-1)
  if (item === undefined) throw odd(`\`${printable(line.slice(0, 80) as RawPath)}\` stands before what it belongs to`)
  return item
}

/** What a client told cannot be used. */
export const odd = (why: string): OperationalError =>
  new OperationalError(
    'client-answer-odd',
    `The answer of the client cannot be used: ${why}.`,
    'Bring its program up to date: lbackup-filevault install --client USER@HOST',
  )
