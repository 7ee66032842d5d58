import { OperationalError } from '../finding/operational-error.js'
import { closeFolder, look, openFolder, openFolderIn, type Folder } from '../system/folder.js'
import { makeFolderIn } from '../system/folder-writes.js'
import { removeTreeIn } from '../system/remove-tree.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { handedOn, handedOnPath } from '../system/volume.js'
import { printable } from '../text/printable.js'
import { fromText, join, parent, relativeTo, type RawPath } from '../text/raw-path.js'
import { oddImage } from './freeze-image.js'

/** Every root of a btrfs subvolume has this inode (btrfs on-disk format, BTRFS_FIRST_FREE_OBJECTID). */
const subvolumeRoot = 256
const snapshotName = 'snapshot' as RawPath

/** A snapshot of one volume: how a path of that volume is reached in it. */
export type InSnapshot = (path: RawPath) => RawPath

/** Given a held work folder and a path on a volume, take a snapshot of that volume, hand it to `use`, and end it. */
export function withSnapshot<Result>(
  system: System,
  work: Folder,
  of: RawPath,
  use: (at: InSnapshot) => Promise<Result>,
): Promise<Result> {
  return system.platform === 'macos'
    ? withApfsSnapshot(system, work, of, use)
    : withBtrfsSnapshot(system, work, of, use)
}

/** Given the path of something on btrfs, return the path of the root of its subvolume. Throws OperationalError. */
export function subvolumeOf(path: RawPath): RawPath {
  const folder = openFolder(parent(path))
  const { dev } = folder.stats
  closeFolder(folder)
  for (let at = parent(path); ; at = parent(at)) {
    const held = openFolder(at)
    const { ino, dev: device } = held.stats
    closeFolder(held)
    if (device !== dev) break
    if (ino === subvolumeRoot) return at
    if (at === '/') break
  }
  throw failed(`The subvolume of ${printable(path)} cannot be found.`)
}

async function withBtrfsSnapshot<Result>(
  system: System,
  work: Folder,
  of: RawPath,
  use: (at: InSnapshot) => Promise<Result>,
): Promise<Result> {
  const root = subvolumeOf(of)
  const volume = openFolder(root)
  try {
    // What nobody asked the disk to keep may be missing in a snapshot, as after a power cut; after this, little is.
    await demand(system, 'btrfs', ['filesystem', 'sync', handedOn(volume)])
    await demand(system, 'btrfs', ['subvolume', 'snapshot', '-r', handedOn(volume), handedOn(work, snapshotName)])
  } finally {
    closeFolder(volume)
  }
  try {
    return await use((path) => join(work.path, snapshotName, relativeTo(path, root)))
  } finally {
    await endBtrfsSnapshot(system, work)
  }
}

async function endBtrfsSnapshot(system: System, work: Folder): Promise<void> {
  if (look(work, snapshotName)?.ino !== subvolumeRoot) return
  await demand(system, 'btrfs', ['subvolume', 'delete', handedOn(work, snapshotName)])
}

/**
 * Given a held work folder, end the snapshot in it that a run which died left there; none is fine. One of APFS is only
 * unmounted: which it was is not known, and macOS removes local snapshots by itself (assumed).
 */
export async function endLeftSnapshot(system: System, work: Folder): Promise<void> {
  if (system.platform !== 'macos') return endBtrfsSnapshot(system, work)
  if (look(work, snapshotName) === undefined) return
  // After a restart nothing is mounted there, which is no fault; what still is mounted is never removed.
  await system.tool('diskutil', ['unmount', handedOn(work, snapshotName)])
}

/**
 * Assumed, as no recording shows it: `tmutil localsnapshot` prints the date of the snapshot that it made, `mount_apfs -s`
 * mounts it by a name made of that date, and files of a mounted snapshot cannot be cloned into the volume itself.
 */
async function withApfsSnapshot<Result>(
  system: System,
  work: Folder,
  of: RawPath,
  use: (at: InSnapshot) => Promise<Result>,
): Promise<Result> {
  const volume = await volumeOf(system, of)
  const { stdout } = await demand(system, 'tmutil', ['localsnapshot', volume])
  const date = /\d{4}-\d{2}-\d{2}-\d{6}/.exec(stdout.toString('utf8'))?.[0]
  if (date === undefined) throw failed('tmutil did not say which snapshot it made.')
  const point = openedOrMade(work)
  try {
    const names = [`com.apple.TimeMachine.${date}.local`, `com.apple.TimeMachine.${date}`]
    await demandOne(system, names, (name) => [
      '-o',
      'rdonly,nobrowse',
      '-s',
      name,
      volume,
      handedOn(work, snapshotName),
    ])
    try {
      return await use((path) => join(work.path, snapshotName, relativeTo(path, fromText(volume))))
    } finally {
      await demand(system, 'diskutil', ['unmount', handedOn(work, snapshotName)])
    }
  } finally {
    closeFolder(point)
    await system.tool('tmutil', ['deletelocalsnapshots', date])
    removeTreeIn(work, snapshotName)
  }
}

function openedOrMade(work: Folder): Folder {
  return look(work, snapshotName) === undefined ? makeFolderIn(work, snapshotName) : openFolderIn(work, snapshotName)
}

/** The volume that a path lies on: the topmost folder of its device. */
function volumeOf({ platform }: System, path: RawPath): Promise<string> {
  if (platform !== 'macos') throw new Error('only a Mac has APFS')
  let at = parent(path)
  const device = deviceOf(at)
  while (at !== '/' && deviceOf(parent(at)) === device) at = parent(at)
  return Promise.resolve(handedOnPath(at))
}

function deviceOf(path: RawPath): number {
  const folder = openFolder(path)
  closeFolder(folder)
  return folder.stats.dev
}

type ToolName = Parameters<System['tool']>[0]

async function demand(system: System, name: ToolName, args: readonly string[]) {
  const result = await system.tool(name, args)
  const why = noAnswer(result)
  if (why === undefined) return result
  throw failed(`No snapshot could be used: ${why}.`)
}

/** Older systems name snapshots otherwise. */
async function demandOne(system: System, names: readonly string[], args: (name: string) => string[]): Promise<void> {
  for (const [at, name] of names.entries()) {
    try {
      await demand(system, 'mountApfs', args(name))
      return
    } catch (error) {
      if (at === names.length - 1) throw error
    }
  }
}

const failed = (message: string): OperationalError =>
  new OperationalError(oddImage, message, 'Take one by hand, and see what the program says.')
