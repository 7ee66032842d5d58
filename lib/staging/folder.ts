import { OperationalError } from '../finding/operational-error.js'
import { parseMountinfo } from '../mount/mountinfo.js'
import { makeFolderIn } from '../system/folder-writes.js'
import { closeFolder, names, openFolder, type Folder } from '../system/folder.js'
import { readKernelFile } from '../system/kernel-file.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { steadyPath } from '../system/steady-path.js'
import { closeToOthers } from '../system/volume.js'
import { list } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import { isWithin, join, type RawPath } from '../text/raw-path.js'
import { notedIn, stagingPlace } from './book.js'
import type { StagingBook } from './staging-type.js'

/** In it everything is made before it gets its name. */
const workName = '.new' as RawPath
const shown = 5
// In bytes of text: some hundred thousand mounts.
const mostMounts = 64 * 1024 * 1024

/**
 * Given the staging folder's path and what is known to be ours in it, hold the folder; it is 0700 from then on. One that
 * is a link, belongs to others, lies where others could swap it, or holds anything else is refused. Throws
 * OperationalError.
 */
export function openStaging(path: RawPath, book: StagingBook | undefined): Folder {
  const folder = lookIntoStaging(path, book)
  closeToOthers(folder)
  return folder
}

/** As `openStaging`, and changes nothing. */
export function lookIntoStaging(path: RawPath, book: StagingBook | undefined): Folder {
  const folder = openFolder(path)
  try {
    if (folder.stats.uid !== process.getuid?.()) throw refused(path, 'does not belong to root', 'Run: chown root')
    if (process.platform === 'linux' && steadyPath(folder) === undefined)
      throw refused(path, 'lies where others could put another folder in its place', 'Move it below folders of root.')
    const ours = new Set(notedIn(book, stagingPlace(path, folder.stats)).entries.map(ownName))
    const foreign = names(folder).filter((name) => name !== workName && !ours.has(name))
    if (foreign.length > 0) {
      const what = list(foreign.slice(0, shown).map(printable))
      throw refused(path, `holds what is not ours: ${what}`, 'Name an empty folder as backupSource, or move that away:')
    }
    return folder
  } catch (error) {
    closeFolder(folder)
    throw error
  }
}

const ownName = ({ name }: StagingBook['entries'][number]): RawPath => fromPrintable(name)

/** Given the held staging folder, hand an empty folder in it to `use`, which is gone afterwards. */
export async function withWorkFolder<Result>(staging: Folder, use: (work: Folder) => Promise<Result>): Promise<Result> {
  clearWork(staging)
  const work = makeFolderIn(staging, workName)
  try {
    return await use(work)
  } finally {
    closeFolder(work)
    clearWork(staging)
  }
}

/** Given the held staging folder, remove what was being made. Throws OperationalError, also where a volume is mounted there. */
export function clearWork(staging: Folder): void {
  demandUnmounted(join(staging.path, workName))
  removeTreeIn(staging, workName)
}

/**
 * Given a path, return where something is mounted at it or below, innermost first. On macOS, which shows no folder at a
 * second place, the device alone tells (`removeTreeIn`). Throws OperationalError where it cannot be told.
 */
export function mountsWithin(path: RawPath): RawPath[] {
  if (process.platform !== 'linux') return []
  const table = readKernelFile('/proc/self/mountinfo', mostMounts)
  if (typeof table === 'string' || table.text.length >= mostMounts) throw unknown
  return parseMountinfo(table.text)
    .map(({ point }) => point)
    .filter((point) => isWithin(point, path))
    .sort((one, other) => other.length - one.length)
}

const unknown = new OperationalError(
  'staging-mounted',
  'What is mounted in the staging folder cannot be told, so nothing in it is removed.',
  'Look why /proc/self/mountinfo cannot be read.',
)

/** Given a path about to be removed, throw where anything is mounted at it or below: a bind has the device of what it shows. */
export function demandUnmounted(path: RawPath): void {
  const [mounted] = mountsWithin(path)
  if (mounted === undefined) return
  throw new OperationalError(
    'staging-mounted',
    `Something is mounted on ${printable(mounted)}, so nothing below ${printable(path)} is removed.`,
    `Run: umount '${printable(mounted)}'`,
  )
}

const refused = (path: RawPath, why: string, cure: string): OperationalError =>
  new OperationalError('staging-refused', `The staging folder ${printable(path)} ${why}.`, `${cure} ${printable(path)}`)
