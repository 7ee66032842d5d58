import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import type { KnownCopy, SlotBook } from '../generated/slots.js'
import { align } from '../image/member-align.js'
import { memberName, memberType, memberTypes, type MemberTable } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { readManifest } from '../prove/manifest-file.js'
import { isTrouble } from '../system/file-system-error.js'
import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { sameTime } from '../verify/reuse.js'
import { withCopy } from './book.js'
import type { StandingCopy } from './standing-type.js'

/** What a look at one copy's members tells. */
export interface Alteration {
  readonly copy: StandingCopy
  /** Printable; the first member that is not as it was. */
  readonly member: string
  /** It was not there when the copy was checked; the checked members are as they were. */
  readonly added?: true
  /** Its inode, where it is still the same file and was written into; undefined: another file or none stands there. */
  readonly inode?: number
  /** Its mtime now, milliseconds since 1970. */
  readonly since: number
}

/** The disk did not tell; half a sentence why. */
export interface Unseen {
  readonly unseen: string
}

export interface Vouched {
  readonly book: SlotBook
  readonly findings: readonly ReportedFinding[]
}

const file = memberTypes.indexOf('file')

/**
 * Given the book and the copies that stand, look at every member of every copy that a manifest vouches for. One whose
 * size or mtime changed was opened for writing, by which every copy that shares the file changed: none of them is
 * vouched for any more. Of one that the disk does not tell of, what was known stays. Each manifest is read once; bands are
 * not.
 */
export function lookForOpened(book: SlotBook, copies: readonly StandingCopy[], now: Date): Vouched {
  let vouched = book
  const alterations: Alteration[] = []
  const findings: ReportedFinding[] = []
  for (const copy of copies) {
    const { known } = copy
    if (known.label.manifest === null || known.opened !== undefined) continue
    const manifest = readManifest(copy.manifestFolder, known.label.slot, known.label.container, known.label.manifest)
    if ('unusable' in manifest) {
      if (manifest.unseen === true) {
        findings.push(unseen(copy, manifest.unusable))
        continue
      }
      vouched = withCopy(vouched, withoutManifest(known))
      findings.push(unusable(copy, manifest.unusable))
      continue
    }
    const alteration = alterationOf(copy, manifest)
    if (alteration === undefined) continue
    if ('unseen' in alteration) {
      findings.push(unseen(copy, alteration.unseen))
      continue
    }
    alterations.push(alteration)
    if (alteration.added === true) continue
    const since = new Date(Number.isFinite(alteration.since) ? alteration.since : now).toISOString()
    vouched = withCopy(vouched, {
      ...known,
      opened: { noticedAt: now.toISOString(), since, member: alteration.member },
    })
  }
  return { book: vouched, findings: [...findings, ...openedFindings(alterations)] }
}

/** Given a copy and its manifest, return how it differs from what it was; undefined where it does not. */
export function alterationOf(copy: StandingCopy, { copy: then }: Manifest): Alteration | Unseen | undefined {
  const { container } = copy.known.label
  let now: ReturnType<typeof memberTable>
  try {
    now = memberTable({ path: copy.image, container })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    if (isTrouble(error)) return { unseen: error.message.replace(/\.$/, '') }
    return { copy, member: 'the image itself', since: NaN }
  }
  if (now.because !== undefined) return { unseen: now.because.replace(/\.$/, '') }
  const rows = align(then, now)
  for (let row = 0; row < then.length; row += 1) {
    if (then.type[row] !== file) continue
    const at = rows[row] as number
    const [size, modified] = [now.size[at] as number, now.modified[at] as number]
    if (at >= 0 && now.inode[at] === then.inode[row]) {
      if (size === then.size[row] && sameTime(modified, then.modified[row] as number)) continue
      return {
        copy,
        member: printable(memberName(then, row)),
        inode: then.inode[row] as number,
        since: modified / 1000,
      }
    }
    return { copy, member: printable(memberName(then, row)), since: at >= 0 ? modified / 1000 : NaN }
  }
  return addedTo(copy, then, now)
}

function addedTo(copy: StandingCopy, then: MemberTable, now: MemberTable): Alteration | undefined {
  const rows = align(now, then)
  const row = rows.findIndex((at, here) => at < 0 && memberType(now, here) !== 'gone')
  if (row < 0) return undefined
  return { copy, member: printable(memberName(now, row)), added: true, since: (now.changed[row] as number) / 1000 }
}

/** Given alterations, return an error for each file that was written into, with the copies that share it, and for each copy changed otherwise. */
export function openedFindings(alterations: readonly Alteration[]): ReportedFinding[] {
  const written = new Map<string, Alteration[]>()
  for (const one of alterations) {
    const { slot } = one.copy.known.label
    const key = one.inode === undefined ? `${slot} ${String(written.size)}` : `${slot} ${String(one.inode)}`
    written.set(key, [...(written.get(key) ?? []), one])
  }
  return [...written.values()].map((same) => {
    const [first] = same as [Alteration, ...Alteration[]]
    if (first.added === true) return addedFinding(first)
    const places = list(same.map(({ copy }) => placeName(copy)))
    const when = Number.isNaN(first.since) ? '' : ` at ${new Date(first.since).toISOString()}`
    const what =
      first.inode === undefined
        ? `${first.member} of the copy in ${places} was removed or replaced${when}`
        : `Somebody opened a copy for writing: ${first.member} was written${when}, and ${places} ${same.length === 1 ? 'holds' : 'share'} it`
    return {
      code: 'copy-opened',
      severity: 'error' as const,
      message: `${what} (${first.copy.known.label.path}). ${same.length === 1 ? 'This copy is' : 'These copies are'} no longer what was checked.`,
      cure: 'Never attach an image in a section but with hdiutil attach -readonly; get one back with lbackup-filevault restore.',
    }
  })
}

const addedFinding = ({ copy, member }: Alteration): ReportedFinding => ({
  code: 'copy-opened',
  severity: 'warning',
  message: `Somebody put ${member} into the copy of ${copy.known.label.path} in ${placeName(copy)} after it was checked. What was checked is as it was; ${member} is left out wherever this copy is used.`,
  cure: 'Remove it, and find out who writes into the backup disk.',
})

/** `Section.3`, or where in the store. */
export const placeName = ({ section, known }: Pick<StandingCopy, 'section' | 'known'>): string =>
  section === undefined ? `the store (${known.place.generation ?? ''})` : `Section.${String(section.number)}`

function withoutManifest(known: KnownCopy): KnownCopy {
  const { verdict } = known.label
  return { ...known, label: { ...known.label, manifest: null, verdict: verdict === 'proven' ? 'complete' : verdict } }
}

const unseen = (copy: StandingCopy, why: string): ReportedFinding => ({
  code: 'copy-unseen',
  severity: 'error',
  message: `Whether the copy of ${copy.known.label.path} in ${placeName(copy)} is what it was could not be seen (${why}); nothing newer is known of it.`,
  cure: 'Check the backup disk.',
})

const unusable = (copy: StandingCopy, why: string): ReportedFinding => ({
  code: 'manifest-unusable',
  severity: 'warning',
  message: `The manifest of ${copy.known.label.path} in ${placeName(copy)} cannot be used (${why}); that copy counts as not compared.`,
})
