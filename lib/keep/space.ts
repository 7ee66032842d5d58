import { OperationalError } from '../finding/operational-error.js'
import { spaceOf } from '../system/folder-writes.js'
import type { Folder } from '../system/folder.js'
import { size } from '../text/measure.js'
import { printable } from '../text/printable.js'

// Room for folders, labels and manifests.
const spareBytes = 1024 * 1024
// A name, and a row in each of the two files of a manifest.
const bytesPerMember = 256
const spareFiles = 64

/**
 * Given a held folder on the backup disk, how many members are linked and how many bytes are written anew, demand that
 * there is room. Links and reflinks need none for their data. Throws OperationalError `disk-full`.
 */
export function demandSpace(folder: Folder, members: number, bytes = 0): void {
  const space = spaceOf(folder)
  const needed = spareBytes + members * bytesPerMember + bytes
  if (space.bytes >= needed && space.files > spareFiles) return
  throw new OperationalError(
    'disk-full',
    `${printable(folder.path)} has ${size(space.bytes)} left, and ${size(needed)} are needed.`,
    'Free some space on the backup disk.',
  )
}
