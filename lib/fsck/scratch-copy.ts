import { OperationalError } from '../finding/operational-error.js'
import type { Image } from '../image/image.js'
import { buildImage } from '../keep/build-image.js'
import { demandSpace } from '../keep/space.js'
import { ownStoreFolder } from '../keep/work-folder.js'
import { makeFolderIn } from '../system/folder-writes.js'
import { closeFolder, names, openFolder, type Folder } from '../system/folder.js'
import { identifier } from '../system/identifier.js'
import { isKeptByUser, removeTreeIn } from '../system/remove-tree.js'
import type { System } from '../system/system.js'
import { isRunning } from '../system/unfinished.js'
import { size } from '../text/measure.js'
import { join, type RawPath } from '../text/raw-path.js'
import { detachImages } from './attachment.js'

export interface ScratchOrder {
  readonly backupDest: RawPath
  readonly copy: Pick<Image, 'path' | 'container'>
  readonly counts: { readonly members: number; readonly bytes: number }
  /** Where it cannot be cloned, it is copied up to that size. */
  readonly mostCopiedBytes: number
  /** Milliseconds since 1970. */
  readonly deadline: number
}

/** What the copy of a copy was used for; `keep`: it is still attached, so the next run removes it. */
interface Used {
  readonly keep: boolean
}

/**
 * Given a copy on the backup disk, make another one of it that shares no file with it, in a folder there that only we may
 * enter, hand its path to `use`, and remove it whatever happens; what runs that died left there, first. Throws
 * OperationalError, `copy-too-large` or `disk-full` where it can be neither cloned nor copied.
 */
export async function withScratchCopy<Result extends Used>(
  system: System,
  order: ScratchOrder,
  use: (image: RawPath) => Promise<Result>,
): Promise<Result> {
  const { backupDest, copy } = order
  const root = openFolder(ownStoreFolder(backupDest, 'checks'))
  try {
    await removeRests(system, root)
    const name = `${String(process.pid)}-${identifier(system.now())}` as RawPath
    let keep = false
    try {
      const image = build(root, name, order, copy)
      const used = await use(image)
      keep = used.keep
      return used
    } finally {
      if (!keep) removeTreeIn(root, name)
    }
  } finally {
    closeFolder(root)
  }
}

function build(root: Folder, name: RawPath, order: ScratchOrder, { path, container }: ScratchOrder['copy']): RawPath {
  const into = makeFolderIn(root, name)
  try {
    const copyName = (container === 'sparse-image' ? 'copy.sparseimage' : 'copy.sparsebundle') as RawPath
    const { deadline } = order
    const beforeCopy = spaceDemand(into, order)
    buildImage({ from: path, container, into, name: copyName, how: 'clone-or-copy', beforeCopy, deadline })
    return join(root.path, name, copyName)
  } finally {
    closeFolder(into)
  }
}

/** Members that belong to no image are in no count, and may be large. */
function spaceDemand(into: Folder, { counts, mostCopiedBytes }: ScratchOrder): (bytes: number) => void {
  let copied = 0
  return (bytes) => {
    if (copied === 0) demandSpace(into, counts.members, counts.bytes)
    copied += bytes
    if (Math.max(copied, counts.bytes) > mostCopiedBytes) throw tooLarge(mostCopiedBytes)
  }
}

const tooLarge = (most: number): OperationalError =>
  new OperationalError(
    'copy-too-large',
    `The backup disk cannot clone files, and the copy is larger than the ${size(most)} that may be copied for this.`,
    'Raise verify.copyGigabytes, or use a backup disk with APFS.',
  )

/** A process that has our number's turn now only puts it off. */
async function removeRests(system: System, root: Folder): Promise<void> {
  for (const name of names(root)) {
    const maker = /^(\d{1,9})-/.exec(name)?.[1]
    if (maker !== undefined && isRunning(Number(maker))) continue
    if (!(await detachImages(system, join(root.path, name)))) continue
    try {
      removeTreeIn(root, name)
    } catch (error) {
      if (!isKeptByUser(error)) throw error
    }
  }
}
