import { bandDisk, type BandDisk } from '../image/band-disk.js'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import { closeFolder, openFolder, openFolderIn } from '../system/folder.js'
import { baseName, parent } from '../text/raw-path.js'
import { bundleBands } from './bundle-bands.js'
import { imageBands, type ClosableBands } from './image-bands.js'

/** The disk inside an image, open for reading. Close it. */
export interface OpenDisk extends BandDisk {
  close(): void
}

/**
 * Given an image, and its keys (`unlockImage`) where it is encrypted, open the disk inside for reading. Links are never
 * followed, nothing is locked, and nothing is written. A band that is missing or short is zeros where it lacks; so is what
 * was never written. What cannot be read at all throws OperationalError, now or at `read`: `passphrase-missing`,
 * `image-damaged`, `image-unrecognised`, or what the system says of a file. Damage that leaves zeros is found by
 * `lookAtStructure`, not here.
 */
export function openDisk(image: Pick<Image, 'path' | 'container'>, key?: DataKey): OpenDisk {
  const bands = openBands(image, key)
  return { ...bandDisk(bands), close: bands.close }
}

function openBands({ path, container }: Pick<Image, 'path' | 'container'>, key: DataKey | undefined): ClosableBands {
  const folder = openFolder(parent(path))
  try {
    if (container === 'sparse-image') return imageBands(folder, baseName(path), key)
    const bundle = openFolderIn(folder, baseName(path))
    try {
      return bundleBands(bundle, path, key)
    } finally {
      closeFolder(bundle)
    }
  } finally {
    closeFolder(folder)
  }
}
