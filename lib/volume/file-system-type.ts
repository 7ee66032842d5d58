import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import type { Volume } from './volume-type.js'

export type FoundVolume = Omit<Volume, 'partition'>

/** How one file system is found and checked. The area is the partition, or the whole disk. */
export interface FileSystem {
  /** As messages call it. */
  readonly name: string
  /** Its first structure left a trace, whole or not. Throws OperationalError where the area cannot be read. */
  readonly first: (area: Disk) => boolean
  /** The copy of that structure left one. Throws the same. */
  readonly second: (area: Disk) => boolean
  /** Notes what is wrong; `where` begins each sentence. Throws OperationalError where the area cannot be read. */
  readonly check: (area: Disk, where: string, findings: FindingList) => FoundVolume[]
}
