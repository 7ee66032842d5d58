import { bundleGeometry } from '../disk/bundle-bands.js'
import { openDisk, type OpenDisk } from '../disk/open.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Finding } from '../finding/finding.js'
import type { BandList } from '../image/band-list.js'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { MappedBands } from '../report/band-map.js'
import { checkDisk } from '../volume/check-disk.js'
import type { Partition, Volume } from '../volume/volume-type.js'

/** The disk inside an image, as far as it could be read. */
export interface Inside {
  /** Why it was not read, as part of a sentence. */
  readonly notRead?: string
  readonly partitions: readonly Partition[]
  readonly volumes: readonly Volume[]
  readonly findings: readonly Finding[]
  /** Undefined where not even its bands are known. */
  readonly bands: MappedBands | undefined
}

const nothing = { partitions: [], volumes: [], findings: [] }

/** Given an image, what was seen of it, and its keys where they are known, look at the disk inside. */
export function lookInside(image: Image, { encryption }: Structure, list: BandList, key: DataKey | undefined): Inside {
  let bands: MappedBands | undefined
  let disk: OpenDisk | undefined
  try {
    if (image.container === 'sparse-bundle') bands = bandsOfBundle(image, list)
    if (encryption !== 'none' && key === undefined) {
      return { ...nothing, notRead: 'it is encrypted, and no passphrase was given', bands }
    }
    disk = openDisk(image, key)
    if (image.container === 'sparse-image') bands = bandsOfDisk(disk)
    const { partitions, volumes, findings } = checkDisk(disk)
    return { partitions, volumes, findings, bands }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { ...nothing, notRead: error.message.replace(/\.$/, ''), bands }
  } finally {
    disk?.close()
  }
}

function bandsOfBundle({ path }: Image, { indexes, sizes }: BandList): MappedBands | undefined {
  const { bands: possibleBands, bandSize, virtualBytes } = bundleGeometry(path)
  return possibleBands === 0 ? undefined : { possibleBands, bandSize, virtualBytes, indexes, sizes }
}

/** The slots of a sparse image are always whole. */
function bandsOfDisk(disk: OpenDisk): MappedBands {
  const { bandSize, size: virtualBytes } = disk
  const possibleBands = Math.ceil(virtualBytes / bandSize)
  const indexes = disk.held?.() ?? []
  return { possibleBands, bandSize, virtualBytes, indexes, sizes: new Float64Array(indexes.length).fill(bandSize) }
}
