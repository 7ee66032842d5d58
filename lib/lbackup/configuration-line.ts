import type { RawPath } from '../text/raw-path.js'

/** One assignment or export of a line of bash. */
export interface Assignment {
  readonly name: string
  /** undefined: `export name` without a value. */
  readonly value: RawPath | undefined
  readonly exported: boolean
}

/**
 * What one line of LBackup's configuration, which is bash, says: assignments of plain literals, or `undefined` where it
 * is anything else. Plain: unquoted words without bash's special characters, `'…'`, and `"…"` without `$`, backquote
 * and backslash, also joined (`a"b c"'d'`), with `export` before them and a comment after them.
 */
export function readLine(line: RawPath): readonly Assignment[] | undefined {
  const words = literalWords(line)
  if (words === undefined) return undefined
  const exported = words[0]?.text === 'export' && !words[0].quoted
  const found: Assignment[] = []
  for (const word of exported ? words.slice(1) : words) {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(word.text)
    const name = match?.[1]
    const value = match?.[2] as RawPath | undefined
    if (name === undefined || word.quoteAt < name.length || (value === undefined && !exported)) return undefined
    if (/(^|:)~/.test(word.text.slice(name.length + 1)) && word.quoteAt > name.length + 1) return undefined
    found.push({ name, value, exported })
  }
  return found
}

interface Word {
  text: string
  quoted: boolean
  /** Where in `text` the first quoted character stands; Infinity: nowhere. */
  quoteAt: number
}

// A carriage return is an ordinary character to bash and becomes part of the value; no administrator means that.
const special = /[$`\\;&|<>()\r\0]/

function literalWords(line: string): Word[] | undefined {
  const words: Word[] = []
  let word: Word | undefined
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] as string
    if (character === ' ' || character === '\t') {
      word = undefined
      continue
    }
    if (character === '#' && word === undefined) break
    if (special.test(character)) return undefined
    if (word === undefined) words.push((word = { text: '', quoted: false, quoteAt: Infinity }))
    if (character !== "'" && character !== '"') {
      word.text += character
      continue
    }
    const end = line.indexOf(character, at + 1)
    const inside = line.slice(at + 1, end)
    if (end < 0 || (character === '"' ? /[$`\\\r\0]/ : /[\r\0]/).test(inside)) return undefined
    word.quoted = true
    word.quoteAt = Math.min(word.quoteAt, word.text.length)
    word.text += inside
    at = end
  }
  return words
}
