import { styleText } from 'node:util'
import { reportTable } from '../../lib/report/table.js'
import type { Report } from '../../lib/generated/report.js'

/** Prints for people: lines fit the terminal, and the demonstration's folder is left out of paths. */
export interface Paper {
  heading(text: string): void
  say(...paragraphs: readonly string[]): void
  /** Lines of a program, as they are. */
  quote(text: string): void
  /** The table of a hook. */
  table(report: Report): void
  /** Text without the demonstration's folder. */
  short(text: string): string
}

/** Given the demonstration's folder and where to write, return the paper. */
export function paper(folder: string, out: NodeJS.WriteStream = process.stdout): Paper {
  const width = Math.min(120, Math.max(80, out.isTTY ? out.columns : 100))
  let last = ''
  const write = (lines: readonly string[]): void => {
    for (const line of lines) {
      if (line !== '' || last !== '') out.write(`${line}\n`)
      last = line
    }
  }
  const short = (text: string): string => text.replaceAll(folder, '')
  const quoted = (text: string): string[] =>
    short(text)
      .trimEnd()
      .split('\n')
      .flatMap((line) => (line === '' ? [''] : fold(`  ${line}`, width, (/^ */.exec(line)?.[0].length ?? 0) + 4)))
  return {
    short,
    heading(text) {
      write(['', out.isTTY ? styleText('bold', text) : text, '-'.repeat(text.length)])
    },
    say(...paragraphs) {
      write(paragraphs.flatMap((paragraph) => fold(paragraph, width, 0)))
    },
    quote(text) {
      write(['', ...quoted(text), ''])
    },
    table(report) {
      const plain = JSON.parse(short(JSON.stringify(report))) as Report
      const lines = reportTable(plain).trimEnd().split('\n')
      const rows = plain.images.length === 0 ? 0 : plain.images.length + 1
      const column = (lines[0] ?? '').indexOf('why')
      write(['', ...tableRows(lines.slice(0, rows), column, width), ...lines.slice(rows).flatMap(folded), ''])
    },
  }

  function folded(line: string): string[] {
    return fold(`  ${line}`, width, 4)
  }
}

const leastColumn = 50

/** Given the rows of a table, fold the last column; where too little of the line is left for it, below its row. */
function tableRows(rows: readonly string[], column: number, width: number): string[] {
  if (width - column - 2 >= leastColumn) return rows.flatMap((row) => fold(`  ${row}`, width, column + 2))
  return rows.flatMap((row, index) => {
    const cells = `  ${row.slice(0, column).trimEnd()}`
    return index === 0 ? [cells] : [cells, ...fold(`      ${row.slice(column)}`, width, 6)]
  })
}

/** Given a line, return it in lines of at most `width` where blanks allow, all but the first indented. */
export function fold(line: string, width: number, indent: number): string[] {
  if (line.length <= width) return [line]
  const cut = line.lastIndexOf(' ', width)
  const at = cut > indent ? cut : line.indexOf(' ', width)
  if (at < 0) return [line]
  return [line.slice(0, at).trimEnd(), ...fold(' '.repeat(indent) + line.slice(at).trimStart(), width, indent)]
}
