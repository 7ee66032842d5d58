import { OperationalError } from '../finding/operational-error.js'
import type { CopyLabel } from '../generated/copy.js'
import type { KnownCopy } from '../generated/slots.js'
import type { Section } from '../lbackup/sections.js'
import { writeLabel, type ManifestSource } from '../prove/manifest-file.js'
import { makeOrOpenFolderIn, renameIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { best, grade, grades, labelOfCopy, mayBe, unvouched } from './best.js'
import { demandSpace } from './space.js'
import { buildFrom } from './place-image.js'
import { sectionMark } from './section-mark.js'
import { writeSectionFiles } from './section-files.js'
import type { StandingCopy } from './standing-type.js'
import { imageName } from './store-layout.js'
import { swapIn } from './swap.js'
import { finishWork, openWork, ownStoreFolder, type Work } from './work-folder.js'

/** What this night made of one slot. */
export interface TonightsCopy {
  readonly state: 'absent' | 'bad' | 'fair'
  readonly identity: string | null
}

export type OlderPlan =
  | { readonly kind: 'nothing' }
  /** `setAside`: the bad one goes out of the way. */
  | { readonly kind: 'place'; readonly copy: StandingCopy; readonly setAside: boolean }
  /** Nothing better is known: it stays, and is marked. */
  | { readonly kind: 'unproven' }

/**
 * Given what this night made of a slot and the copies of it that stand (without this night's), say what is to lie at its
 * place: nothing changes where the copy is fair (proven, complete, or suspect only because the image was in use). The
 * newest good copy, else the best known one, of the same image; where there is no copy at all, also of another image
 * that was there before.
 */
export function planOlder(tonight: TonightsCopy, copies: readonly StandingCopy[]): OlderPlan {
  if (tonight.state === 'fair') return { kind: 'nothing' }
  const same = copies.filter(({ known }) => mayBe(known, tonight.identity))
  const copy = bestStanding(same) ?? (tonight.state === 'absent' ? bestStanding(copies) : undefined)
  if (copy !== undefined && (tonight.state === 'absent' || grade(copy.known) >= grades.complete)) {
    return { kind: 'place', copy, setAside: tonight.state === 'bad' }
  }
  return tonight.state === 'bad' ? { kind: 'unproven' } : { kind: 'nothing' }
}

/** Of equal data, one in a section: links to it need no second copy of its data. */
function bestStanding(copies: readonly StandingCopy[]): StandingCopy | undefined {
  const wanted = best(copies.map((copy) => copy.known))
  if (wanted === undefined) return undefined
  const same = copies.filter(
    (copy) => copy.known.label.madeAt === wanted.label.madeAt && grade(copy.known) === grade(wanted),
  )
  return same.find(({ section }) => section !== undefined) ?? same[0]
}

export interface OlderOrder {
  readonly copy: StandingCopy
  readonly section: Section
  /** Where the image belongs in the section. */
  readonly copyPath: RawPath
  /** The label of tonight's bad copy, which is set aside. */
  readonly bad?: CopyLabel
  readonly backupDest: RawPath
  readonly runId: string
}

/**
 * Put an older copy at its place in the section, with its manifest and a label that names its date, and return what is
 * then known of that place. The bad copy is set aside in the store, one for each slot. Throws OperationalError; the place
 * then holds what it held.
 */
export function keepOlder(order: OlderOrder): KnownCopy {
  const { copy, section, copyPath, backupDest, runId, bad } = order
  const { opened } = copy.known
  const label: CopyLabel = { ...labelOfCopy(copy.known), copyPath: printable(copyPath), older: true }
  const place = { section: sectionMark(section) }
  const work = openWork(backupDest, runId, label.slot)
  try {
    demandSpace(work.folder, label.members)
    const { manifest } = buildFrom(copy, work, copy.section === undefined ? 'clone-or-link' : 'link')
    swapIn({ work, section, copyPath, name: imageName(label), label })
    const written = labelAnyhow(work, section, label, manifest)
    if (bad !== undefined) setAside(work, bad, backupDest)
    return { label: written, place, ...(opened === undefined ? {} : { opened }) }
  } finally {
    finishWork(work, backupDest)
  }
}

/** The copy stands by now. Without label and manifest it is still known; only nothing vouches for it. */
function labelAnyhow(work: Work, section: Section, label: CopyLabel, manifest: ManifestSource | undefined): CopyLabel {
  try {
    return writeSectionFiles(work, section, label, manifest)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return unvouched(label)
  }
}

/**
 * What was swapped out goes to kept/SLOT/set-aside, in place of what lay there. Where that is not possible it is dropped:
 * it is known to be bad, and a better one lies at its place.
 */
function setAside(work: Work, bad: CopyLabel, backupDest: RawPath): void {
  if (look(work.old, imageName(bad)) === undefined) return
  const held: Folder[] = []
  const hold = (folder: Folder): Folder => {
    held.push(folder)
    return folder
  }
  try {
    const slot = hold(makeOrOpenFolderIn(hold(openFolder(ownStoreFolder(backupDest, 'kept'))), bad.slot as RawPath))
    removeTreeIn(slot, 'set-aside' as RawPath)
    unlinkIn(work.old, `${bad.slot}.json` as RawPath)
    writeLabel(work.old, bad)
    renameIn(work.folder, 'old' as RawPath, slot, 'set-aside' as RawPath)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  } finally {
    held.forEach(closeFolder)
  }
}
