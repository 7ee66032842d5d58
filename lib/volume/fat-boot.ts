import type { Buffer } from 'node:buffer'
import { isPowerOfTwo } from './fields.js'

/** A boot sector. `sector` in bytes, every other size in sectors. */
export interface Boot {
  readonly bits: 12 | 16 | 32
  readonly sector: number
  readonly sectors: number
  readonly reserved: number
  readonly tables: number
  readonly tableSectors: number
  readonly clusters: number
  readonly media: number
  /** Where FAT32 keeps its information sector and the backup of the boot sector; 0: nowhere. */
  readonly information: number
  readonly backup: number
  readonly label: string
  /** Linux and newer systems mark a volume in use here, besides in the table. */
  readonly dirty: boolean
}

/**
 * Given the first 512 bytes of a FAT volume and the bytes of its area, return its boot sector and each fault as half a
 * sentence; which FAT it is follows from the number of clusters alone.
 */
export function readBoot(bytes: Buffer, areaSize: number): { boot?: Boot; faults: string[] } {
  const [u16, u32] = [(at: number) => bytes.readUInt16LE(at), (at: number) => bytes.readUInt32LE(at)]
  const faults: string[] = []
  if (bytes.readUInt16BE(510) !== 0x55aa) faults.push('its signature is missing')
  if (bytes[0] !== 0xe9 && bytes[0] !== 0xeb) faults.push('it does not begin with a jump')
  const [sector, perCluster, reserved, tables, rootEntries] = [
    u16(11),
    bytes[13] as number,
    u16(14),
    bytes[16] as number,
    u16(17),
  ]
  if (![512, 1024, 2048, 4096].includes(sector)) return { faults: [...faults, 'its sector size is impossible'] }
  if (!isPowerOfTwo(perCluster)) return { faults: [...faults, 'its cluster size is impossible'] }
  const wide = u16(22) === 0
  const tableSectors = wide ? u32(36) : u16(22)
  const sectors = u16(19) === 0 ? u32(32) : u16(19)
  const media = bytes[21] as number
  if (reserved === 0) faults.push('no sector is reserved for it')
  if (tables !== 1 && tables !== 2) faults.push(`${String(tables)} allocation tables are impossible`)
  if (media !== 0xf0 && media < 0xf8) faults.push('its kind of medium is unknown')
  if (sectors === 0) faults.push('the volume has no size')
  else if (sectors * sector > areaSize) faults.push('the volume ends behind its partition or disk')
  const dataAt = reserved + tables * tableSectors + Math.ceil((rootEntries * 32) / sector)
  const clusters = Math.floor((sectors - dataAt) / perCluster)
  if (tableSectors === 0 || clusters < 1) return { faults: [...faults, 'there is no room for files'] }
  const bits = wide || clusters >= 65_525 ? 32 : clusters < 4085 ? 12 : 16
  if (((clusters + 2) * bits) / 8 > tableSectors * sector) faults.push('its allocation table is too short')
  if (wide ? rootEntries !== 0 || u16(42) !== 0 : bits === 32 || rootEntries === 0)
    faults.push('the fields of FAT16 and FAT32 are mixed')
  if (wide && (u32(44) < 2 || u32(44) >= clusters + 2)) faults.push('its root folder lies outside')
  const extended = wide ? 66 : 38
  const hasLabel = bytes[extended] === 0x29
  return {
    boot: {
      bits,
      sector,
      sectors,
      reserved,
      tables,
      tableSectors,
      clusters,
      media,
      information: wide ? u16(48) : 0,
      backup: wide ? u16(50) : 0,
      label: hasLabel ? bytes.toString('latin1', extended + 5, extended + 16).trimEnd() : '',
      dirty: hasLabel && ((bytes[extended - 1] as number) & 1) !== 0,
    },
    faults,
  }
}
