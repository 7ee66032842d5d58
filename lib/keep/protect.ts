import { OperationalError } from '../finding/operational-error.js'
import type { KnownCopy, SlotBook } from '../generated/slots.js'
import { writeLabel, writeManifest } from '../prove/manifest-file.js'
import { makeOrOpenFolderIn, renameIn, replaceFileIn, syncFolderIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolder, type Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'
import { best, grade, isSameData, labelOfCopy, lines } from './best.js'
import { copiesOf, withCopies, withCopy } from './book.js'
import { buildFrom } from './place-image.js'
import { removeKept } from './remove-kept.js'
import { demandSpace } from './space.js'
import type { StandingCopy } from './standing-type.js'
import { generationOf } from './store-layout.js'
import { finishWork, openWork, ownStoreFolder } from './work-folder.js'

/** Given the copies that stand and LBackup's numRotations, return those that tonight's rotation would take the last of. */
export function planProtection(copies: readonly StandingCopy[], numRotations: number): StandingCopy[] {
  return bySlot(copies).flatMap((ofSlot) => {
    const wanted = lines(ofSlot.map(({ known }) => known)).flatMap((line) => best(line) ?? [])
    return [...new Set(wanted)].flatMap((known) => {
      const same = ofSlot.filter((copy) => isSameData(copy.known, known) && grade(copy.known) === grade(known))
      if (same.some((copy) => stays(copy, numRotations))) return []
      return same[0] ?? []
    })
  })
}

/**
 * Given the copies that stand, return the generations of the store that a newer copy at least as good, of the same image,
 * makes needless. Of another image in the same slot, and of a slot that is gone, nothing is ever released.
 */
export function planRelease(copies: readonly StandingCopy[], numRotations: number): StandingCopy[] {
  return bySlot(copies).flatMap((ofSlot) =>
    ofSlot.filter((copy) => {
      const { section, known } = copy
      if (section !== undefined) return false
      return ofSlot.some(
        (other) =>
          other.known !== known &&
          stays(other, numRotations) &&
          !isSameData(other.known, known) &&
          isSameImage(other, copy) &&
          Date.parse(other.known.label.madeAt) > Date.parse(known.label.madeAt) &&
          grade(other.known) >= grade(known),
      )
    }),
  )
}

/** Where the identity of one was never seen, nobody knows. */
const isSameImage = ({ known: one }: StandingCopy, { known: other }: StandingCopy): boolean =>
  one.label.identity !== null && one.label.identity === other.label.identity

/** Whether the copy is still there after tonight's rotation. */
const stays = ({ section }: StandingCopy, numRotations: number): boolean =>
  section === undefined || section.number < numRotations - 1

export interface ProtectOrder {
  readonly backupDest: RawPath
  readonly runId: string
  readonly book: SlotBook
}

/**
 * Given a copy, bring it into the store, whole and with its manifest, and return the book with it. Throws
 * OperationalError `protect-failed`, upon which the backup must not go on: it would delete the last good copy.
 */
export function protect(copy: StandingCopy, { backupDest, runId, book }: ProtectOrder): SlotBook {
  const { label } = copy.known
  try {
    const kept = openFolder(ownStoreFolder(backupDest, 'kept'))
    try {
      demandSpace(kept, label.members)
      const slot = makeOrOpenFolderIn(kept, label.slot as RawPath)
      try {
        return withCopy(book, store(copy, slot, backupDest, runId))
      } finally {
        closeFolder(slot)
      }
    } finally {
      closeFolder(kept)
    }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    throw new OperationalError(
      'protect-failed',
      `Tonight's rotation would delete the newest good copy of ${label.path} (of ${label.madeAt}), and it could not be kept: ${error.message}`,
      `${error.cure} Until then, let LBackup not run, or raise numRotations.`,
      { cause: error },
    )
  }
}

function store(copy: StandingCopy, slot: Folder, backupDest: RawPath, runId: string): KnownCopy {
  const label = labelOfCopy(copy.known)
  const { opened } = copy.known
  const work = openWork(backupDest, runId, label.slot)
  try {
    const { manifest } = buildFrom(copy, work, 'clone-or-link')
    const digests = manifest === undefined ? null : writeManifest(work.built, label.slot, manifest, label)
    const kept = { ...label, manifest: digests }
    if (digests === null) writeLabel(work.built, kept)
    const generation = freeGeneration(slot, generationOf(label))
    syncFolderIn(work.built)
    renameIn(work.folder, 'new' as RawPath, slot, generation as RawPath)
    writeCurrent(slot, generation)
    return { label: kept, place: { generation }, ...(opened === undefined ? {} : { opened }) }
  } finally {
    finishWork(work, backupDest)
  }
}

/** A generation of that name that stands is one that somebody wrote into, or that the book forgot. */
function freeGeneration(slot: Folder, wanted: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${String(number)}`
    if (look(slot, name as RawPath) === undefined) return name
  }
}

/** `current` names the newest generation, for whoever looks into the store by hand. */
function nameCurrent(backupDest: RawPath, slot: string, copies: readonly KnownCopy[]): void {
  const kept = openFolder(ownStoreFolder(backupDest, 'kept'))
  try {
    const folder = makeOrOpenFolderIn(kept, slot as RawPath)
    try {
      const newest = copies.find(({ place }) => place.generation !== undefined)?.place.generation
      if (newest === undefined) unlinkIn(folder, 'current' as RawPath)
      else writeCurrent(folder, newest)
    } finally {
      closeFolder(folder)
    }
  } finally {
    closeFolder(kept)
  }
}

const writeCurrent = (folder: Folder, generation: string): void => {
  replaceFileIn(folder, 'current' as RawPath, `${JSON.stringify({ schema: 'current/1', generation })}\n`)
}

/** Given a generation that is needless now, remove it and return the book without it. Throws OperationalError. */
export function release({ known }: StandingCopy, { backupDest, runId, book }: ProtectOrder): SlotBook {
  const { slot } = known.label
  const { generation } = known.place
  if (generation === undefined) return book
  removeKept({ backupDest, runId, slot, generation })
  const copies = copiesOf(book, slot).filter(({ place }) => place.generation !== generation)
  nameCurrent(backupDest, slot, copies)
  return withCopies(book, slot, copies)
}

function bySlot(copies: readonly StandingCopy[]): StandingCopy[][] {
  const slots = new Map<string, StandingCopy[]>()
  for (const copy of copies) {
    const { slot } = copy.known.label
    slots.set(slot, [...(slots.get(slot) ?? []), copy])
  }
  return [...slots.values()]
}
