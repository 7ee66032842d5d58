import type { Container } from '../image/image.js'
import { whyExported } from '../mount/exported.js'
import { OperationalError } from '../finding/operational-error.js'
import { cloneIn, unlinkIn } from '../system/folder-writes.js'
import { closeFolder, eachEntry, openFolder, type Folder } from '../system/folder.js'
import type { System } from '../system/system.js'
import { btrfs, volumeOf } from '../system/volume.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { isOfTheImage } from './of-the-image.js'
import type { Abilities } from './staging-type.js'

const probeName = 'probe' as RawPath

/**
 * Given a held work folder in the staging folder and an image, find out by doing it what the two volumes allow.
 * `hardLinks`: the administrator asks for them.
 */
export function abilitiesOf(
  { platform }: Pick<System, 'platform'>,
  work: Folder,
  { path, container }: { readonly path: RawPath; readonly container: Container },
  hardLinks: boolean,
): Abilities {
  let holder: Folder
  try {
    holder = openFolder(container === 'sparse-bundle' ? path : parent(path))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const why = error.message.replace(/\.$/, '')
    return { clone: why, snapshot: why, hardLink: why }
  }
  try {
    const clone = clonable(work, holder, container === 'sparse-bundle' ? firstFile(holder) : baseName(path))
    return {
      clone,
      snapshot: platform === 'macos' ? true : snapshottable(holder, clone),
      hardLink: linkable(platform, work, holder, path, hardLinks),
    }
  } finally {
    closeFolder(holder)
  }
}

function clonable(work: Folder, holder: Folder, name: RawPath | undefined): true | string {
  if (name === undefined) return 'it holds no file'
  try {
    if (cloneIn(holder, name, work, probeName) !== undefined) return true
    return holder.stats.dev === work.stats.dev
      ? 'its volume cannot clone files'
      : 'it lies on another volume than the staging folder, so that it cannot be cloned there'
  } catch (error) {
    if (!isOfTheImage(error)) throw error
    return error.message.replace(/\.$/, '')
  } finally {
    unlinkIn(work, probeName)
  }
}

/** What is cloned out of a snapshot must be clonable. */
function snapshottable(holder: Folder, clone: true | string): true | string {
  if (clone !== true) return clone
  return volumeOf(holder).type === btrfs ? true : 'its volume takes no snapshots'
}

function linkable(
  platform: System['platform'],
  work: Folder,
  holder: Folder,
  path: RawPath,
  asked: boolean,
): true | string {
  if (!asked) return 'source.hardLinks does not ask for hard links'
  if (platform === 'macos') return 'newest macOS opens no image whose files have a second name'
  if (holder.stats.dev !== work.stats.dev) return 'hard links do not reach another volume'
  return whyExported(path) ?? true
}

function firstFile(holder: Folder): RawPath | undefined {
  for (const entry of eachEntry(holder)) if (entry.isFile()) return entry.name as RawPath
  return undefined
}

/** Given a plain folder, tell why it cannot be shown in the staging folder; true: it can. */
export function bindable({ platform }: Pick<System, 'platform'>, path: RawPath): true | string {
  if (platform === 'macos')
    return `macOS cannot show ${printable(path)} at a second place: let another configuration of LBackup back it up`
  try {
    closeFolder(openFolder(path))
    return true
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error.message.replace(/\.$/, '')
  }
}
