/** What a line of bash that is no plain assignment does to the lines after it. */
export interface LineEffect {
  /** Blocks (`if`, `{` …) it opens, less those it closes. */
  readonly depth: number
  /** It goes on in the next line. */
  readonly continued: boolean
  /** A text, a here-document or a parenthesis stays open: nothing after it is certain. */
  readonly lost: boolean
  /** It may set any name at all. */
  readonly anything: boolean
  /** Names it may set: every word that is not merely read (`$name`, `${name`). */
  readonly names: readonly string[]
}

/** Given a line of bash that is no plain assignment, return what it may do. `inCommand`: the line before goes on here. */
export function lineEffect(line: string, inCommand: boolean): LineEffect {
  const code = withoutTexts(line)
  const tokens = code.match(/[;&|]+|[(){}]|[^\s;&|(){}]+/g) ?? []
  let depth = 0
  let parentheses = 0
  let anything = false
  let atCommand = !inCommand
  for (const token of tokens) {
    if (atCommand && openers.has(token)) depth += 1
    if (atCommand && closers.has(token)) depth -= 1
    if (atCommand && runners.has(token)) anything = true
    if (token === '(') parentheses += 1
    // A pattern of `case` closes one that was never opened.
    if (token === ')') parentheses = Math.max(0, parentheses - 1)
    atCommand = /^[;&|()]/.test(token) || (atCommand && prefixes.has(token))
  }
  return {
    depth,
    continued: /(^|[^\\])(\\\\)*\\$/.test(line),
    lost: /['"`]/.test(code) || code.includes('<<') || parentheses > 0,
    anything,
    names: [...new Set([...line.matchAll(/(?<![A-Za-z0-9_$]|\$\{)[A-Za-z_][A-Za-z0-9_]*/g)].map(([name]) => name))],
  }
}

const openers = new Set(['if', 'for', 'while', 'until', 'case', 'select', '{'])
const closers = new Set(['fi', 'done', 'esac', '}'])
const runners = new Set(['source', '.', 'eval'])
const prefixes = new Set(['if', 'then', 'else', 'elif', 'while', 'until', 'do', '{', '!', 'builtin', 'command'])

/** The line without whole quoted texts and without a comment, so that words in them are not taken for commands. */
const withoutTexts = (line: string): string =>
  line
    .replace(/\\./g, '_')
    .replace(/'[^']*'|"[^"]*"|`[^`'"]*`/g, '_')
    .replace(/(^|\s)#.*$/, '')
