import type { Container } from '../image/image.js'
import { copyFileIn } from '../system/copy-file.js'
import { dressFileIn } from '../system/dress.js'
import { withFolder } from '../system/folder.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import type { Section } from '../lbackup/sections.js'
import { buildImage } from './build-image.js'
import { demandSpace } from './space.js'
import { swapIn } from './swap.js'
import { finishWork, openWork } from './work-folder.js'

export interface DropOrder {
  readonly section: Section
  /** The copy. */
  readonly image: RawPath
  readonly copyPath: RawPath
  readonly container: Container
  /** Relative names of the members that are known to be wrong. */
  readonly members: readonly RawPath[]
  readonly backupDest: RawPath
  readonly runId: string
  readonly slot: string
  /** Size of the image: a sparse image is copied whole. */
  readonly bytes: number
  /** A sparse image is not copied on after this moment, milliseconds since 1970. */
  readonly deadline: number
}

const hourMilliseconds = 3_600_000

/**
 * Given a bad copy in a section, take its wrong members out, so that the next rsync copies them anew: left there, one
 * with the size and time of the image would be handed from section to section for ever. Other sections keep theirs. A
 * sparse image stays, as a file of its own with another time, which does the same. Throws OperationalError.
 */
export function dropWrong(order: DropOrder): void {
  const { section, image, copyPath, container, members, backupDest, runId, slot, bytes, deadline } = order
  const work = openWork(backupDest, runId, slot)
  try {
    const name = baseName(image)
    demandSpace(work.folder, 0, container === 'sparse-image' ? bytes : 0)
    if (container === 'sparse-image') {
      withFolder(parent(image), (folder) => {
        const stats = copyFileIn(folder, name, work.built, name, { deadline })
        dressFileIn(work.built, name, { ...stats, mtimeMs: stats.mtimeMs - hourMilliseconds })
      })
    } else {
      buildImage({ from: image, container, into: work.built, name, how: 'link', leaveOut: new Set(members) })
    }
    swapIn({ work, section, copyPath, name })
  } finally {
    finishWork(work, backupDest)
  }
}
