import type { KnownCopy } from '../generated/slots.js'
import type { Section } from '../lbackup/sections.js'
import type { CopyLabel } from '../generated/copy.js'
import { writeLabel } from '../prove/manifest-file.js'
import { makeOrOpenFolderIn, renameIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { bestKnown, grade, mayBe, newestGood } from './best.js'
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
  const usable = copies.filter(({ known }) => grade(known) > 0)
  const same = usable.filter(({ known }) => mayBe(known, tonight.identity))
  const copy = bestStanding(same) ?? (tonight.state === 'absent' ? bestStanding(usable) : undefined)
  if (copy !== undefined && (tonight.state === 'absent' || grade(copy.known) > 1)) {
    return { kind: 'place', copy, setAside: tonight.state === 'bad' }
  }
  return tonight.state === 'bad' ? { kind: 'unproven' } : { kind: 'nothing' }
}

/** Of equal data, one in a section: links to it need no second copy of its data. */
function bestStanding(copies: readonly StandingCopy[]): StandingCopy | undefined {
  const known = copies.map((copy) => copy.known)
  const wanted = newestGood(known) ?? bestKnown(known)
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
  readonly setAside: boolean
  readonly backupDest: RawPath
  readonly runId: string
}

/**
 * Put an older copy at its place in the section, with its manifest and a label that names its date, and return what is
 * then known of that place. The bad copy is set aside in the store, one for each slot. Throws OperationalError; the place
 * then holds what it held.
 */
export function keepOlder(order: OlderOrder): KnownCopy {
  const { copy, section, copyPath, backupDest, runId } = order
  const { label } = copy.known
  const work = openWork(backupDest, runId, label.slot)
  try {
    const { manifest } = buildFrom(copy, work, copy.section === undefined ? 'clone-or-link' : 'link')
    swapIn({ work, section, copyPath, name: imageName(label) })
    const written = writeSectionFiles(work, section, { ...label, copyPath: printable(copyPath), older: true }, manifest)
    if (order.setAside) setAside(work, label, backupDest)
    return { label: written, place: { section: sectionMark(section) } }
  } finally {
    finishWork(work, backupDest)
  }
}

/** What was swapped out goes to kept/SLOT/set-aside, in place of what lay there. */
function setAside(work: Work, label: CopyLabel, backupDest: RawPath): void {
  const name = imageName(label)
  if (look(work.old, name) === undefined) return
  const kept = openFolder(ownStoreFolder(backupDest, 'kept'))
  try {
    const slot = makeOrOpenFolderIn(kept, label.slot as RawPath)
    try {
      removeTreeIn(slot, 'set-aside' as RawPath)
      unlinkIn(work.old, `${label.slot}.json` as RawPath)
      writeLabel(work.old, { ...label, verdict: 'bad', older: false, manifest: null, reason: 'it was set aside' })
      renameIn(work.folder, 'old' as RawPath, slot, 'set-aside' as RawPath)
    } finally {
      closeFolder(slot)
    }
  } finally {
    closeFolder(kept)
  }
}
