import { OperationalError } from '../finding/operational-error.js'
import { systemCode } from '../system/file-system-error.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import type { System } from '../system/system.js'
import { handedOnPath } from '../system/volume.js'
import { fromPrintable, printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { noteMade, readStaging, turnTo, withEntry, withoutEntry, writeStaging } from './book.js'
import { clearWork, demandUnmounted, mountsWithin } from './folder.js'
import { endLeftSnapshot } from './snapshot.js'
import type { StagedEntry, StagingBook } from './staging-type.js'

/**
 * Given the held staging folder and an entry of ours, remove it: what it shows by a bind is unmounted first, and where
 * anything else is mounted below it nothing is touched. Throws OperationalError.
 */
export async function removeEntry(system: System, staging: Folder, { name, kind }: StagedEntry): Promise<void> {
  const path = join(staging.path, fromPrintable(name))
  if (kind === 'bind' && mountsWithin(path).includes(path)) {
    const text = handedOnPath(path)
    const { exitCode } = await system.tool('umount', [text])
    // An rsync that nobody waits for may still stand in it.
    if (exitCode !== 0) await system.tool('umount', ['-l', text])
  }
  demandUnmounted(path)
  removeTreeIn(staging, fromPrintable(name))
}

/**
 * Given the state folder, the held staging folder and a name, remove that entry of ours from the folder and from the book;
 * none is fine. It is noted before as one that no more stands: half an image must never be taken for a whole one.
 */
export async function dropEntry(system: System, stateFolder: RawPath, staging: Folder, name: string): Promise<void> {
  const book = readStaging(stateFolder)
  const entry = book?.entries.find((one) => one.name === name)
  if (book === undefined || entry === undefined) return
  if (entry.standing) writeStaging(stateFolder, withEntry(book, { ...entry, standing: false }))
  await removeEntry(system, staging, entry)
  writeStaging(stateFolder, withoutEntry(book, name))
}

/** Given the state folder and slots, remove what is frozen of them; none is fine. Throws OperationalError. */
export async function dropFrozen(system: System, stateFolder: RawPath, slots: readonly string[]): Promise<void> {
  const book = readStaging(stateFolder)
  if (book === undefined || slots.length === 0) return
  const staging = openFolder(fromPrintable(book.folder))
  try {
    turnTo(stateFolder, staging)
    for (const slot of slots) await dropEntry(system, stateFolder, staging, slot)
  } finally {
    closeFolder(staging)
  }
}

/** Given the held staging folder, remove what was being made there by a run that died. */
export async function clearUnfinished(system: System, staging: Folder): Promise<void> {
  const name = '.new' as RawPath
  if (look(staging, name)?.isDirectory() === true) {
    const work = openFolderIn(staging, name)
    try {
      await endLeftSnapshot(system, work)
    } finally {
      closeFolder(work)
    }
  }
  clearWork(staging)
}

/**
 * Given the state folder, remove from the staging folder what is not `kept` there; without `keep` all of it. `run`: only
 * where that run put it there. What is not there now, because its volume is not mounted, stays noted. Throws
 * OperationalError where something cannot be removed; all the rest is gone then.
 */
export async function endStaging(
  system: System,
  stateFolder: RawPath,
  { keep = true, run }: { readonly keep?: boolean; readonly run?: string } = {},
): Promise<void> {
  const book = readStaging(stateFolder)
  if (book === undefined || (run !== undefined && book.run !== run)) return
  const staging = openIfThere(book)
  if (staging === undefined) return
  const problems: OperationalError[] = []
  try {
    const there = turnTo(stateFolder, staging)
    if (run !== undefined && there.run !== run) return
    await attempt(problems, async () => {
      await clearUnfinished(system, staging)
      noteMade(stateFolder, staging)
    })
    for (const entry of there.entries) {
      if (keep && entry.kept && entry.standing) continue
      await attempt(problems, () => dropEntry(system, stateFolder, staging, entry.name))
    }
  } finally {
    closeFolder(staging)
  }
  const [first] = problems
  if (first === undefined) return
  throw new OperationalError(
    'staging-left',
    `Something stays in the staging folder ${printable(staging.path)}: ${first.message}`,
    first.cure,
  )
}

/** One that is not there may come back with its volume. */
function openIfThere(book: StagingBook): Folder | undefined {
  try {
    return openFolder(fromPrintable(book.folder))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return undefined
  }
}

async function attempt(problems: OperationalError[], action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    problems.push(error)
  }
}
