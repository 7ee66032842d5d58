import type { Report } from '../generated/report.js'
import { delayText } from './delay.js'
import { shout } from './lines.js'

/** Given a report, return it as a plain table with its summary, for a terminal. */
export function reportTable(report: Report): string {
  const rows = report.images.map(({ verdict, loudness, user, path, reason, ...image }) => [
    `${shout(loudness)}${verdict.replaceAll('-', ' ')}${delayText(image)}`,
    user,
    path,
    reason,
  ])
  const findings = report.findings.map(({ severity, message, cure }) => {
    return `${shout(severity === 'info' ? 'fine' : severity)}${message}${cure === undefined ? '' : ` ${cure}`}`
  })
  const images = rows.length === 0 ? [] : table(['verdict', 'user', 'image', 'why'], rows)
  return [...images, ...findings, report.summary].map((line) => `${line}\n`).join('')
}

/** Given a heading and rows of cells, return lines of a plain table: columns padded, nothing cut. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heading.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)))
  return [heading, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
