import type { TonightImage, TonightReport } from '../generated/tonight.js'
import { count, duration, list, size } from '../text/measure.js'
import { findingsText } from './findings.js'
import { encryptionWords, kindWords } from './image-words.js'

const actions: Record<string, string> = {
  copy: 'copied',
  'copy-and-prove': 'copied although perhaps in use; the copy counts as suspect unless nothing changed',
  'leave-out': 'left out',
  contents: 'copied as the files of its mounted volume',
  halt: 'THE WHOLE BACKUP IS HALTED',
}

/** Given what the next backup would do, return it as text for a terminal, by user. */
export function tonightText(report: TonightReport, options: { rules: boolean }): string {
  const images = [...report.images].sort((one, other) => (one.user < other.user ? -1 : one.user > other.user ? 1 : 0))
  return [
    ...images.map(imageText),
    findingsText(report.findings),
    ...(options.rules ? [rulesText(report)] : []),
    `${summary(report)}\n`,
  ].join('')
}

function imageText({
  user,
  path,
  container,
  encryption,
  bytes,
  members,
  usage,
  decision,
  waitMinutes,
  paste,
  findings,
}: TonightImage): string {
  const used = usage.usedBy.length === 0 ? '' : ` by ${list(usage.usedBy)}`
  const damage = findings.filter(({ severity }) => severity === 'error')
  const waits = waitMinutes === undefined ? '' : `waited for (${duration(waitMinutes * 60)} at most), then `
  const lines = [
    `${user}: ${path}`,
    `  ${kindWords(container)}, ${encryptionWords(encryption)}, ${size(bytes)} in ${count(members, 'member')}`,
    `  ${usage.state.replaceAll('-', ' ')}${used}: ${list(usage.evidence)}`,
    decision === null
      ? '  tonight: not in the backup: it lies outside of the source'
      : `  tonight: ${waits}${actions[decision.action] ?? decision.action}, because ${decision.reason}`,
    ...damage.map(({ message }) => `  damaged: ${message}`),
    ...(paste === undefined
      ? []
      : [`  to let the others be backed up, paste into "policies" of filevault.json, first:`, `    ${paste},`]),
  ]
  return lines.map((line) => `${line}\n`).join('') + '\n'
}

const rulesText = ({ rules }: TonightReport): string =>
  rules.length === 0 ? 'rsync is told nothing.\n' : `rsync is told:\n${rules.map((rule) => `  ${rule}\n`).join('')}`

function summary({ halt, useSSH, images, entries }: TonightReport): string {
  if (halt) return 'A backup that started now would be halted; every section would stay as it is.'
  if (useSSH) return 'A backup that started now would go on.'
  const of = (action: string): number => images.filter(({ decision }) => decision?.action === action).length
  const said = Object.keys(actions)
    .filter((action) => of(action) > 0)
    .map((action) => `${String(of(action))} to ${action.replaceAll('-', ' ')}`)
  const what = said.length === 0 ? '' : `, ${list(said)}`
  return `A backup that started now would go on: ${count(images.length, 'image')}${what} (${count(entries, 'entry', 'entries')} searched).`
}
