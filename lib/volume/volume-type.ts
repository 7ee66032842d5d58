import type { Finding } from '../finding/finding.js'

export type PartitionScheme = 'gpt' | 'apm' | 'mbr'

/** One entry of a partition map that is in use. Offset and length in bytes. */
export interface Partition {
  /** As the map counts: from 1; logical partitions of an MBR from 5. */
  readonly index: number
  readonly scheme: PartitionScheme
  readonly offset: number
  readonly length: number
  /** A GUID in upper case (`gpt`), a name like `Apple_HFS` (`apm`), two hex digits like `0x0b` (`mbr`). */
  readonly type: string
  /** As `printable` text; empty where the map has no names. */
  readonly name: string
}

export type VolumeKind = 'hfs' | 'hfs+' | 'hfsx' | 'apfs' | 'fat12' | 'fat16' | 'fat32' | 'exfat'

/** One volume: a file system, or one of those that share an APFS container. */
export interface Volume {
  /** The index of its partition; null where it fills a disk without a partition map. */
  readonly partition: number | null
  readonly kind: VolumeKind
  /** As `printable` text; empty where it has none or it cannot be read. */
  readonly name: string
  /** Bytes of the volume, or of the container that it shares with others. */
  readonly bytes: number
  /** By the volume's own encryption, besides any of the image. */
  readonly encrypted: boolean
  /** It says of itself that it was unmounted in order. */
  readonly clean: boolean
}

/** What is on a disk and what is wrong with it. */
export interface DiskCheck {
  readonly partitions: readonly Partition[]
  readonly volumes: readonly Volume[]
  /** Worst first. */
  readonly findings: readonly Finding[]
  readonly bytesRead: number
}
