import type { Audit, AuditSection, AuditSlot } from '../generated/audit.js'
import { count, duration, list, size } from '../text/measure.js'

const columns = 100
const mostLines = 23
const shown = 3

/** Given an audit and the time now (milliseconds since 1970), return it for a terminal: at most a screen for each image. */
export function auditText({ slots, holes, inProgress, sections, unsearched, source }: Audit, now: number): string {
  const links = sections.filter(({ kind }) => kind === 'link' || kind === 'other').map(({ section }) => name(section))
  const notes = [
    ...(slots.length === 0 ? ['No section holds an image.'] : []),
    ...(holes.length > 0
      ? [
          `LBackup will stop: there is no ${list(holes.slice(0, shown).map(name))}${holes.length > shown ? ' and others' : ''}.`,
        ]
      : []),
    ...(links.length > 0 ? [`No folder, so no backup: ${list(links)}.`] : []),
    ...(inProgress
      ? ['Section.inprogress is there: LBackup is copying now, or its last run failed. It was left out.']
      : []),
    ...unsearched.map((message) => `NOT SEARCHED: ${message}`),
    ...(source === null && slots.length > 0 ? ['Nothing was compared with the images: name --source for that.'] : []),
  ]
  const blocks = slots.map((slot) => screenOf(slot, now, source !== null))
  if (notes.length > 0) blocks.push(notes.flatMap((note) => wrap(note, '')))
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n')
}

function screenOf(
  { path, slot, sections, newestComplete, compared }: AuditSlot,
  now: number,
  hasSource: boolean,
): string[] {
  const newest = sections.find(({ section }) => section === newestComplete)
  const first = sections[0]
  const head = [
    ...wrap(`${path} (${slot})`, ''),
    ...wrap(newest === undefined ? 'NO COMPLETE COPY in any section' : newestText(newest, now), '  '),
    ...(first?.state === 'absent' ? [`  WARNING! the newest section, ${name(first.section)}, holds no copy`] : []),
    ...(compared === null
      ? hasSource
        ? ['  not compared: the image is not in the source now']
        : []
      : wrap(`${name(compared.section)} against the image: ${compared.text}`, '  ')),
    ...(first === undefined ? [] : memberLines(first)),
  ]
  const runs = runsOf(sections).flatMap((run) => wrap(run, '  '))
  const room = Math.max(1, mostLines - head.length)
  if (runs.length <= room) return [...head, ...runs]
  const kept = runs.slice(0, room - 1)
  return [...head, ...kept, `  ${count(runs.length - kept.length, 'more line')}: see --json`].slice(0, mostLines)
}

function newestText({ section, madeAt, bytes }: AuditSection, now: number): string {
  const age = madeAt === null ? '' : `, made ${madeAt.slice(0, 16).replace('T', ' ')} UTC, ${ageOf(madeAt, now)} ago`
  return `newest complete copy: ${name(section)}${age}, ${size(bytes)}`
}

const ageOf = (madeAt: string, now: number): string => duration(Math.max(0, now - Date.parse(madeAt)) / 1000)

function memberLines({ missed, suspected }: AuditSection): string[] {
  return [
    ...(missed.count > 0 ? wrap(`missed: ${names(missed)}`, '  ') : []),
    ...(suspected.count > 0 ? wrap(`suspected: ${names(suspected)}`, '  ') : []),
  ]
}

function names({ count: all, members }: AuditSection['missed']): string {
  const some = members.slice(0, shown)
  return all > some.length ? `${some.join(', ')} and ${String(all - some.length)} more` : list(some)
}

/** Sections that follow each other and are in the same state in one line. */
function runsOf(sections: readonly AuditSection[]): string[] {
  const runs: { text: string; first: AuditSection; last: AuditSection }[] = []
  for (const section of sections) {
    const text = textOf(section)
    const run = runs.at(-1)
    if (run?.text === text) run.last = section
    else runs.push({ text, first: section, last: section })
  }
  return runs.map(({ text, first, last }) => {
    return `${first === last ? name(first.section) : `${name(first.section)} to ${name(last.section)}`}: ${text}`
  })
}

function textOf({ state, why, missed, suspected }: AuditSection): string {
  const said = [
    state === 'absent' ? 'no copy' : state,
    ...(missed.count > 0 ? [`${count(missed.count, 'member')} missed`] : []),
    ...(suspected.count > 0 ? [`${count(suspected.count, 'member')} suspected`] : []),
  ]
  return `${said.join(', ')}${why === null ? '' : `: ${why}`}`
}

const name = (section: number): string => `Section.${String(section)}`

/** Broken at blanks to a terminal's width; what follows the first line is set in. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = columns - indent.length - (lines.length > 0 ? 2 : 0)
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((one, at) => `${indent}${at > 0 ? '  ' : ''}${one}`)
}
