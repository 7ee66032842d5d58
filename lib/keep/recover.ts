import { OperationalError } from '../finding/operational-error.js'
import type { KnownCopy } from '../generated/slots.js'
import { storeFolder } from '../lbackup/store.js'
import type { Section, Sections } from '../lbackup/sections.js'
import { lookAt, realPath } from '../system/file.js'
import { renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, names, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { isKeptByUser, removeTreeIn } from '../system/remove-tree.js'
import { fromPrintable, printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { unvouched } from './best.js'
import { readJournal } from './journal.js'
import { saveOld } from './save-old.js'
import { markedSection } from './section-mark.js'
import { holdPlace } from './section-place.js'
import type { SwapJournal } from './swap.js'
import { journalName } from './work-folder.js'

/** What was done about an image that a run which died was working on. */
export interface Recovery {
  /** What was worked on: a slot, perhaps with a suffix. */
  readonly name: string
  readonly runId: string
  /**
   * `finished`: the new image was put in its place. `placed`: an older copy stands there, and nobody had noted it.
   * `put-back`: the old one was put back. `saved`: it lies in the store now.
   * `left`: nothing of it is needed, but it cannot be removed.
   */
  readonly done: 'finished' | 'placed' | 'put-back' | 'saved' | 'left'
  /** One sentence for an administrator. */
  readonly text: string
  /** The older copy that stands at its place now; no manifest vouches for it. */
  readonly known?: KnownCopy
}

/**
 * Given LBackup's backupDest and its sections, put right what runs that died left in our work folder, and empty it. An
 * image that was moved out of its place is never removed unless the new one stands there. Throws OperationalError.
 */
export function recoverWork(backupDest: RawPath, sections: Sections): Recovery[] {
  const path = join(storeFolder(realPath(backupDest) ?? backupDest), 'work')
  if (lookAt(path) === undefined) return []
  return withFolder(path, (root) =>
    names(root).flatMap((runId) => {
      const done = recoverRun(root, runId, sections, backupDest)
      return [...done, ...remove(root, runId)]
    }),
  )
}

/** Users whose folders lie in it must not keep the next backup from running. */
function remove(root: Folder, runId: RawPath): Recovery[] {
  try {
    removeTreeIn(root, runId)
    return []
  } catch (error) {
    if (!isKeptByUser(error)) throw error
    return [{ name: '', runId, done: 'left', text: `${error.message} ${error.cure}` }]
  }
}

function recoverRun(root: Folder, runId: RawPath, sections: Sections, backupDest: RawPath): Recovery[] {
  if (look(root, runId)?.isDirectory() !== true) return []
  const run = openFolderIn(root, runId)
  try {
    return names(run).flatMap((name) => {
      if (look(run, name)?.isDirectory() !== true) return []
      const folder = openFolderIn(run, name)
      try {
        return recover(folder, sections, backupDest, { name, runId }).map((done) => ({ name, runId, ...done }))
      } finally {
        closeFolder(folder)
      }
    })
  } finally {
    closeFolder(run)
  }
}

type Done = Pick<Recovery, 'done' | 'text' | 'known'>

function recover(
  folder: Folder,
  sections: Sections,
  backupDest: RawPath,
  what: { name: RawPath; runId: RawPath },
): readonly Done[] {
  const save = (imageName: RawPath, why: string): Done => {
    const where = printable(saveOld({ folder, imageName, backupDest, ...what }))
    return { done: 'saved', text: `An image that an interrupted run had moved away lies in ${where}; ${why}.` }
  }
  const journal = readJournal<SwapJournal>(folder, journalName, 'swap/1')
  if (journal === undefined) return []
  // One that was never finished was written before anything was moved.
  if (journal === 'damaged') return movedAside(folder).map((name) => save(name, 'what tells its place cannot be used'))
  const imageName = fromPrintable(journal.name)
  const [built, old] = [holds(folder, 'new', imageName), holds(folder, 'old', imageName)]
  const section = markedSection(sections, journal.section)
  // Nothing was moved yet, or nothing lay there before.
  if (!old) return built || section === undefined ? [] : placed(journal, section)
  if (section !== undefined) {
    const copyPath = fromPrintable(journal.copyPath)
    const done = atPlace(folder, section, copyPath, imageName, built)
    if (done === undefined) return placed(journal, section)
    if (done !== 'impossible') return [done.done === 'finished' ? { ...done, ...knownOf(journal) } : done]
  }
  return [save(imageName, 'its place is gone or taken')]
}

function placed(journal: SwapJournal, section: Section): readonly Done[] {
  const known = knownOf(journal)
  if (known.known === undefined) return []
  const where = printable(join(section.path, fromPrintable(journal.copyPath)))
  return [{ done: 'placed', text: `An older copy that an interrupted run had put at ${where} stands there.`, ...known }]
}

const knownOf = ({ label, section }: SwapJournal): Pick<Recovery, 'known'> =>
  label === undefined ? {} : { known: { label: unvouched(label), place: { section } } }

function atPlace(
  folder: Folder,
  section: Section,
  copyPath: RawPath,
  name: RawPath,
  built: boolean,
): Done | undefined | 'impossible' {
  try {
    const place = holdPlace(section, copyPath)
    try {
      // What stands there while the new image is still here was put there by somebody else.
      if (look(place.folder, place.name) !== undefined) return built ? 'impossible' : undefined
      move(folder, built ? 'new' : 'old', name, place.folder, place.name)
      syncFolderIn(place.folder)
      const where = printable(join(section.path, copyPath))
      return built
        ? { done: 'finished', text: `An image that an interrupted run was about to put at ${where} was put there.` }
        : { done: 'put-back', text: `The image that an interrupted run had moved from ${where} was put back.` }
    } finally {
      closeFolder(place.folder)
    }
  } catch (error) {
    if (error instanceof OperationalError) return 'impossible'
    throw error
  }
}

function move(folder: Folder, part: 'new' | 'old', name: RawPath, to: Folder, newName: RawPath): void {
  const from = openFolderIn(folder, part as RawPath)
  try {
    renameIn(from, name, to, newName)
  } finally {
    closeFolder(from)
  }
}

function movedAside(folder: Folder): RawPath[] {
  if (look(folder, 'old' as RawPath)?.isDirectory() !== true) return []
  const old = openFolderIn(folder, 'old' as RawPath)
  try {
    return names(old)
  } finally {
    closeFolder(old)
  }
}

function holds(folder: Folder, part: 'new' | 'old', name: RawPath): boolean {
  if (look(folder, part as RawPath)?.isDirectory() !== true) return false
  const inner = openFolderIn(folder, part as RawPath)
  try {
    return look(inner, name) !== undefined
  } finally {
    closeFolder(inner)
  }
}
