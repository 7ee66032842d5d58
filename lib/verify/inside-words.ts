import { count, list } from '../text/measure.js'
import type { DiskCheck, Volume, VolumeKind } from '../volume/volume-type.js'

const kinds: Readonly<Record<VolumeKind, string>> = {
  hfs: 'HFS',
  'hfs+': 'HFS+',
  hfsx: 'HFSX',
  apfs: 'APFS',
  fat12: 'FAT12',
  fat16: 'FAT16',
  fat32: 'FAT32',
  exfat: 'exFAT',
}
const shown = 3

/** Given what is on a disk, return it as half a sentence: its volumes, else its partitions. */
export function insideWords({ partitions, volumes }: Pick<DiskCheck, 'partitions' | 'volumes'>): string {
  if (volumes.length === 0) return `${count(partitions.length, 'partition')}, no file system that is known here`
  const more = volumes.length - shown
  return list([...volumes.slice(0, shown).map(volumeWords), ...(more > 0 ? [`${String(more)} more`] : [])])
}

const volumeWords = ({ kind, name, encrypted }: Volume): string =>
  `${kinds[kind]}${name === '' ? '' : ` ${JSON.stringify(name)}`}${encrypted ? ' (encrypted itself)' : ''}`
