/** One rule of an excludes file. Paths are bytes, one character for each. */
export interface Rule {
  readonly sign: '+' | '-'
  readonly foldersOnly: boolean
  readonly pattern: RegExp
}

/** Given the text of an excludes file, return its rules. Throws where a line is none that this copier understands. */
export function parseRules(text: string): Rule[] {
  return text
    .split(/\r?\n|\r/)
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .map(parseRule)
}

/** Given the rules and a path as rsync sees it, `/` before it, tell whether it is copied: the first that matches wins. */
export function isCopied(rules: readonly Rule[], path: string, folder: boolean): boolean {
  return rules.find((rule) => (folder || !rule.foldersOnly) && rule.pattern.test(path))?.sign !== '-'
}

function parseRule(line: string): Rule {
  const signed = /^([+-])[ _](.+)$/s.exec(line)
  if (line.startsWith('!') || (signed === null && /^(merge|dir-merge|[.:PRSH]) /.test(line))) {
    throw new Error(`this copier does not understand the line "${line}" of the excludes file`)
  }
  const whole = signed?.[2] ?? line
  const body = whole.length > 1 ? whole.replace(/\/$/, '') : whole
  const start = body.startsWith('/') ? '^' : '(?:^|/)'
  return {
    sign: signed?.[1] === '+' ? '+' : '-',
    foldersOnly: body !== whole,
    pattern: new RegExp(`${start}${expression(body)}$`, 's'),
  }
}

/** rsync takes a backslash as one, unless the pattern has a wildcard somewhere. */
function expression(pattern: string): string {
  if (!/[*?[]/.test(pattern)) return escaped(pattern)
  const pieces = pattern.match(/\\.|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|./gs) ?? []
  return pieces.map(piece).join('')
}

function piece(text: string): string {
  if (text === '**') return '.*'
  if (text === '*') return '[^/]*'
  if (text === '?') return '[^/]'
  if (text.startsWith('[') && text.length > 1) return text.replace(/^\[!/, '[^').replaceAll('\\', '\\\\')
  return escaped(text.length === 2 && text.startsWith('\\') ? text.slice(1) : text)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
