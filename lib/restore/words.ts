import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/restoration.js'
import { count, list } from '../text/measure.js'
import type { ListedCopy } from './listed-copy.js'
import type { MemberPlan } from './member-plan.js'

const shown = 3

/** Given why nothing is restored and what to do, return the error that says so. */
export const refused = (message: string, cure: string): OperationalError =>
  new OperationalError('restore-refused', message, cure)

/** What is wrong with a copy; printable names. */
export interface Damage {
  /** Members whose bytes are not those that the manifest names. */
  readonly wrong: readonly string[]
  readonly missing: readonly string[]
  readonly replaced: readonly string[]
}

/** Given a copy and what is wrong with it, return the error that says so; undefined where nothing is. */
export function damage(
  { placeName, known: { label } }: ListedCopy,
  { wrong, missing, replaced }: Damage,
): OperationalError | undefined {
  const said = [
    ...some(wrong, 'not what the manifest says'),
    ...some(missing, 'missing'),
    ...some(replaced, 'of another type (file, folder, link) than the manifest says'),
  ]
  if (said.length === 0) return undefined
  return new OperationalError(
    'copy-damaged',
    `The copy of ${label.path} in ${placeName}, of ${label.madeAt}, is damaged: ${said.join('; ')}. Nothing was restored.`,
    'Restore an older one: lbackup-filevault list shows them; --section N or --at DATE chooses.',
  )
}

const some = (members: readonly string[], what: string): string[] =>
  members.length === 0 ? [] : [`${manyAre(members)} ${what} (${first(members)})`]

const manyAre = (members: readonly string[]): string =>
  `${count(members.length, 'member')} ${members.length === 1 ? 'is' : 'are'}`

const first = (members: readonly string[]): string =>
  `${list(members.slice(0, shown))}${members.length > shown ? ' and others' : ''}`

/** Given a copy, its manifest as it was read and the plan, say in half a sentence why not all was compared; undefined: it was. */
export function uncheckedBecause(
  { vouched, known }: ListedCopy,
  read: object | undefined,
  { uncompared }: Pick<MemberPlan, 'uncompared'>,
): string | undefined {
  if (read === undefined) return 'there is no manifest of this copy'
  if ('unusable' in read) return `its manifest cannot be used (${String(read.unusable)})`
  if (uncompared.length > 0) return `the manifest has no digest of ${count(uncompared.length, 'member')}`
  if (!vouched) return 'its manifest is not vouched for by the state folder; the bytes fit what it says'
  if (known.label.verdict !== 'proven') return `this copy was ${known.label.verdict} and never proven`
  return undefined
}

/** Given the plan by which an image was restored, return what an administrator should look at. */
export function memberFindings({ leftOut, uncompared }: Pick<MemberPlan, 'leftOut' | 'uncompared'>): ReportedFinding[] {
  const findings: ReportedFinding[] = []
  if (leftOut.length > 0) {
    findings.push({
      code: 'member-left-out',
      severity: 'warning',
      message: `${manyAre(leftOut)} in the copy and not in its manifest (${first(leftOut)}): LBackup did not put ${leftOut.length === 1 ? 'it' : 'them'} there, and the restored image is without.`,
      cure: 'Find out who writes into the backup disk.',
    })
  }
  if (uncompared.length > 0) {
    findings.push({
      code: 'member-uncompared',
      severity: 'warning',
      message: `The manifest has no digest of ${count(uncompared.length, 'member')} (${first(uncompared)}): restored, but with nothing to compare.`,
      cure: 'Look whether the restored image can be opened, or restore a copy that was proven.',
    })
  }
  return findings
}
