import type { AuditSection, AuditSlot } from '../generated/audit.js'
import { OperationalError } from '../finding/operational-error.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { pathInSource } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { memberTable } from '../look/member-table.js'
import { lookAt } from '../system/file.js'
import { printable } from '../text/printable.js'
import { relativeTo, type RawPath } from '../text/raw-path.js'
import { compareBytes, compareTimes } from './compare.js'
import { auditCopy, bornAt, type AuditedCopy, type CopyState } from './copy.js'
import type { FoundCopy } from './find.js'
import { readCopy, type Reading } from './readable.js'
import { knownOf, paired, tracesIn, type Known, type SourceMembers, type Traces } from './traces.js'

export interface SlotOrder {
  readonly sections: readonly Section[]
  readonly source: BackupSource | undefined
  readonly read: boolean
  readonly progress: (what: string) => void
}

/** Given a slot and its copies, newest first, return what they are. No more than two of them are held in memory. */
export async function auditSlot(slot: string, copies: readonly FoundCopy[], order: SlotOrder): Promise<AuditSlot> {
  const [newest] = copies as [FoundCopy, ...FoundCopy[]]
  const original = originalOf(newest, order.source)
  const path = printable(original ?? relativeTo(newest.image.path, newest.section.path))
  const tell = (what: string): void => order.progress(`${path}: ${what}`)
  const audited = walk(copies, original, order.read && original === undefined, tell)
  const states = order.sections.map((section) => audited.get(section) ?? absentIn(section))
  const traces = audited.get(newest.section) as AuditSection
  if (order.read && original !== undefined) tell('comparing every byte')
  const compared =
    original === undefined
      ? null
      : order.read
        ? await compareBytes(newest, original)
        : compareTimes(newest, original, traces)
  return {
    slot,
    path: path === '' ? printable(newest.image.path) : path,
    sections: states,
    newestComplete: states.find(({ state }) => state === 'complete')?.section ?? null,
    compared,
  }
}

/** Where the image lies now; undefined where the source is not known, or has it no more. */
function originalOf({ section, image }: FoundCopy, source: BackupSource | undefined): RawPath | undefined {
  if (source === undefined) return undefined
  const path = pathInSource(source, image.path, section.path, section.kind)
  try {
    return path === undefined || lookAt(path) === undefined ? undefined : path
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

/** What is known of a copy before the next older one is looked at. */
interface Step {
  readonly copy: AuditedCopy
  readonly known: Known
  readonly reading: Reading | undefined
}

function walk(
  copies: readonly FoundCopy[],
  original: RawPath | undefined,
  read: boolean,
  tell: (what: string) => void,
): Map<Section, AuditSection> {
  const sections = new Map<Section, AuditSection>()
  let step: Step | undefined
  const finish = ({ copy, known, reading }: Step, older: AuditedCopy | undefined, isNewest: boolean): void => {
    sections.set(copy.found.section, sectionOf(copy, tracesIn(copy, older, known, isNewest), reading))
  }
  for (const found of copies) {
    tell(`looking at Section.${String(found.section.number)}`)
    const copy = auditCopy(found, step?.copy)
    if (step !== undefined) finish(step, copy, sections.size === 0)
    const known = knownOf(copy, step, step === undefined ? sourceMembers(copy, original) : undefined)
    if (read) tell(`reading Section.${String(found.section.number)}`)
    step = { copy, known, reading: read ? readCopy(copy, step?.reading) : undefined }
  }
  if (step !== undefined) finish(step, undefined, sections.size === 0)
  return sections
}

function sourceMembers({ found, members }: AuditedCopy, original: RawPath | undefined): SourceMembers | undefined {
  if (original === undefined || members === undefined) return undefined
  try {
    return paired(members, memberTable({ path: original, container: found.image.container }))
  } catch (error) {
    // The comparison says so.
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

function sectionOf(copy: AuditedCopy, { missed, suspected }: Traces, reading: Reading | undefined): AuditSection {
  const { section } = copy.found
  return { ...common(section), ...stateAfter(copy.state, reading), missed, suspected }
}

/** A file that cannot be read is no copy, however right the structure is. */
function stateAfter(state: CopyState, reading: Reading | undefined): CopyState {
  const broken = reading?.broken.reduce((sum, kind) => sum + (kind > 0 ? 1 : 0), 0) ?? 0
  if (reading === undefined || broken === 0 || state.state === 'incomplete') return state
  const why = `${reading.because?.replace(/\.$/, '') ?? 'a file cannot be read'}${broken > 1 ? ` (and ${String(broken - 1)} more)` : ''}`
  return { ...state, state: reading.broken.includes(2) ? 'incomplete' : 'unreadable', why }
}

function absentIn(section: Section): AuditSection {
  const none = { count: 0, members: [] }
  const why = section.kind === 'link' ? 'the section is a link and holds no backup' : null
  return { ...common(section), state: 'absent', why, bytes: 0, missed: none, suspected: none }
}

function common(section: Section): { section: number; madeAt: string | null } {
  // A section that is a file is as old as the oldest section that shares it.
  const born = section.kind === 'folder' ? bornAt(section.path) : 0
  return { section: section.number, madeAt: born > 0 ? new Date(Math.floor(born / 1000)).toISOString() : null }
}
