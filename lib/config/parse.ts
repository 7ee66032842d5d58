import {
  createScanner,
  findNodeAtLocation,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser'
import { pathText, shown, type Location } from './location.js'
import type { ConfigProblem } from './problem.js'

/** A configuration file read as JSON with comments and trailing commas. */
export interface Parsed {
  /** Objects have no prototype: `__proto__` is a key as any other. */
  readonly value: unknown
  readonly problems: readonly ConfigProblem[]
  /** Where the text stops being what it should be: what stands before it can be trusted. */
  readonly brokenAt: number
  /** The offset of the value at a location, or of its key; of the nearest that is there where it is not. */
  readonly offsetOf: (location: Location, what?: 'value' | 'key') => number
  readonly position: (offset: number) => { readonly line: number; readonly column: number }
}

const deepest = 64

/** Given the text of a configuration file, return what it holds, and what is wrong with it as JSON. */
export function parse(text: string): Parsed {
  const position = positions(text)
  const broken = (offset: number, message: string): ConfigProblem => ({
    severity: 'error',
    ...position(offset),
    path: '',
    message,
  })
  const tooDeep = firstTooDeep(text)
  if (tooDeep !== undefined) {
    const problem = broken(tooDeep, `there are more than ${String(deepest)} brackets within each other`)
    return { value: {}, problems: [problem], brokenAt: 0, offsetOf: () => 0, position }
  }
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { allowTrailingComma: true })
  const problems = errors
    .filter(({ offset }, index) => offset !== errors[index - 1]?.offset)
    .map(({ error, offset }) => broken(offset, sentence(printParseErrorCode(error))))
  if (tree === undefined)
    problems.splice(0, 1, broken(0, 'there is no configuration in it: write {}, or remove the file'))
  const brokenAt = Math.min(...errors.map(({ offset }) => offset), Number.POSITIVE_INFINITY)
  if (tree !== undefined) problems.push(...duplicates(tree, [], position))
  const offsetOf = (location: Location, what: 'value' | 'key' = 'value') => nearestOffset(tree, location, what)
  return { value: tree === undefined ? {} : valueOf(tree), problems, brokenAt, offsetOf, position }
}

/** Parsing goes one call deeper for each bracket; a megabyte of brackets would end the program. */
function firstTooDeep(text: string): number | undefined {
  const scanner = createScanner(text, true)
  let depth = 0
  for (let token = scanner.scan(); scanner.getTokenOffset() < text.length; token = scanner.scan()) {
    if (token === (1 as typeof token) || token === (3 as typeof token)) depth += 1
    if (token === (2 as typeof token) || token === (4 as typeof token)) depth -= 1
    if (depth > deepest) return scanner.getTokenOffset()
  }
  return undefined
}

function valueOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf)
  if (node.type !== 'object') return node.value as unknown
  const object = Object.create(null) as Record<string, unknown>
  for (const { children: [key, value] = [] } of node.children ?? []) {
    if (key !== undefined && value !== undefined) object[String(key.value)] = valueOf(value)
  }
  return object
}

function duplicates(node: Node, location: Location, position: Parsed['position']): ConfigProblem[] {
  if (node.type === 'array') {
    return (node.children ?? []).flatMap((child, index) => duplicates(child, [...location, index], position))
  }
  if (node.type !== 'object') return []
  const first = new Map<string, number>()
  return (node.children ?? []).flatMap(({ children: [key, value] = [] }) => {
    if (key === undefined) return []
    const name = String(key.value)
    const place = [...location, name]
    const below = value === undefined ? [] : duplicates(value, place, position)
    const before = first.get(name)
    if (before === undefined) {
      first.set(name, key.offset)
      return below
    }
    const message = `${shown(name)} stands here a second time; the first is in line ${String(position(before).line)}`
    return [{ severity: 'error', ...position(key.offset), path: pathText(place), message } as const, ...below]
  })
}

function nearestOffset(tree: Node | undefined, location: Location, what: 'value' | 'key'): number {
  if (tree === undefined) return 0
  for (let length = location.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(tree, location.slice(0, length))
    if (node === undefined) continue
    const isWanted = length === location.length && what === 'key' && node.parent?.type === 'property'
    return isWanted ? (node.parent?.offset ?? node.offset) : node.offset
  }
  return tree.offset
}

/** Lines end in LF, CR LF or CR; both numbers start at 1. */
function positions(text: string): Parsed['position'] {
  const starts = [0, ...Array.from(text.matchAll(/\r\n|\n|\r/gu), (end) => end.index + end[0].length)]
  return (offset) => {
    let [line, after] = [0, starts.length]
    while (after - line > 1) {
      const middle = (line + after) >> 1
      if ((starts[middle] ?? 0) <= offset) line = middle
      else after = middle
    }
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 }
  }
}

const sentences: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is no JSON: text stands in "double quotes"; true, false, null and numbers stand without',
  InvalidNumberFormat: 'this is no number as JSON writes it',
  PropertyNameExpected: 'the name of a setting is missing here, in "double quotes"',
  ValueExpected: 'a value is missing here',
  ColonExpected: 'a colon is missing here',
  CommaExpected: 'a comma is missing here',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'something follows after the end of the configuration',
  InvalidCommentToken: 'this is no comment: // up to the end of the line, or /* … */',
  UnexpectedEndOfComment: 'a comment has no end: */ is missing',
  UnexpectedEndOfString: 'a text has no end: the closing " is missing in this line',
  UnexpectedEndOfNumber: 'a number ends too early',
  InvalidUnicode: '\\u must be followed by four hexadecimal digits',
  InvalidEscapeCharacter: 'this backslash means nothing in JSON: write \\\\ for a backslash',
  InvalidCharacter: 'a control character stands here; in a text write \\t, \\n or \\u00XX',
}

const sentence = (code: string): string => sentences[code] ?? `this is no JSON (${code})`
