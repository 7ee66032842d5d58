import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import { nameIn, wideLE } from './fields.js'
import type { FileSystem, FoundVolume } from './file-system-type.js'

/** A boot sector. `sector` and `cluster` in bytes, places in sectors. */
interface Boot {
  readonly sector: number
  readonly cluster: number
  readonly sectors: number
  readonly tableAt: number
  readonly heapAt: number
  readonly root: number
  readonly flags: number
}

interface Region {
  readonly boot?: Boot
  readonly faults: readonly string[]
}

const regionSectors = 12
const sectorSizes = [512, 1024, 2048, 4096]
const mostRootBytes = 64 * 1024
const activeTable = 1
const dirty = 2
const mediaFailure = 4
const labelEntry = 0x83
const check = 'Let `fsck_exfat` (or `fsck.exfat -n`) look at a copy of the image.'

/**
 * exFAT: the main boot region and its backup with their checksums, the boot sector's sizes within the area, the first
 * entries of the allocation table, the marks of an orderly unmount. Microsoft, "exFAT file system specification",
 * sections 3 and 4. Throws OperationalError where the area cannot be read.
 */
export const exfat: FileSystem = {
  name: 'exFAT',
  first: (area) => isBoot(bytesAt(area, 0, 512)),
  second: (area) => sectorSizes.some((sector) => isBoot(bytesAt(area, regionSectors * sector, 512))),
  check: checkExfat,
}

const isBoot = (bytes: Buffer): boolean => bytes.toString('latin1', 3, 11) === 'EXFAT   '

function checkExfat(area: Disk, where: string, findings: FindingList): FoundVolume[] {
  const main = readRegion(area, 0, area.size)
  const backup =
    sectorSizes.map((sector) => backupOf(area, sector)).find(({ faults }) => faults.length === 0) ??
    backupOf(area, main.boot?.sector ?? 512)
  if (main.faults.length > 0)
    findings.add('exfat-boot-damaged', 'error', `${where}: the boot region is damaged: ${main.faults.join('; ')}.`, {
      cure:
        backup.faults.length === 0
          ? 'On a copy of the image, `fsck.exfat` writes it anew from its backup, which is whole.'
          : 'Restore an older copy.',
    })
  if (backup.faults.length > 0)
    findings.add(
      'exfat-backup-damaged',
      'warning',
      `${where}: the backup of the boot region is damaged: ${backup.faults.join('; ')}.`,
      {
        cure: check,
      },
    )
  const boot = main.faults.length > 0 && backup.faults.length === 0 ? backup.boot : main.boot
  if (main.faults.length + backup.faults.length === 0 && !sameSizes(main.boot, backup.boot))
    findings.add('exfat-backup-differs', 'warning', `${where}: the boot region and its backup are whole but differ.`, {
      cure: check,
    })
  if (boot === undefined) return []
  const table = bytesAt(area, boot.tableAt * boot.sector, 8)
  if (table.readUInt32LE(0) < 0xfffffff0 || table.readUInt32LE(4) !== 0xffffffff)
    findings.add('fat-table-damaged', 'error', `${where}: the allocation table does not begin as one.`, { cure: check })
  if ((boot.flags & mediaFailure) !== 0)
    findings.add(
      'volume-inconsistent',
      'warning',
      `${where}: the volume met read or write errors when it was used last.`,
      {
        cure: check,
      },
    )
  const clean = (boot.flags & dirty) === 0
  if (!clean)
    findings.add('volume-unclean', 'warning', `${where}: the volume was not unmounted in order.`, { cure: check })
  return [{ kind: 'exfat', name: label(area, boot), bytes: boot.sectors * boot.sector, encrypted: false, clean }]
}

function backupOf(area: Disk, sector: number): Region {
  const region = readRegion(area, regionSectors * sector, area.size)
  return region.boot !== undefined && region.boot.sector !== sector
    ? { faults: ['it does not lie behind the boot region'] }
    : region
}

const sameSizes = (one: Boot | undefined, other: Boot | undefined): boolean =>
  JSON.stringify({ ...one, flags: 0 }) === JSON.stringify({ ...other, flags: 0 })

function readRegion(area: Disk, at: number, areaSize: number): Region {
  const bytes = bytesAt(area, at, 512)
  if (!isBoot(bytes)) return { faults: ['its name is missing'] }
  const shift = bytes[108] as number
  if (shift < 9 || shift > 12) return { faults: ['its sector size is impossible'] }
  const sector = 2 ** shift
  const region = bytesAt(area, at, regionSectors * sector)
  const faults: string[] = []
  const sum = checksum(region.subarray(0, (regionSectors - 1) * sector))
  for (let place = (regionSectors - 1) * sector; place < region.length; place += 4) {
    if (region.readUInt32LE(place) === sum) continue
    faults.push('its checksum is wrong')
    break
  }
  const { boot, faults: wrong } = readBoot(bytes, sector, areaSize)
  return { boot, faults: [...faults, ...wrong] }
}

function readBoot(bytes: Buffer, sector: number, areaSize: number): { boot: Boot; faults: string[] } {
  const u32 = (at: number): number => bytes.readUInt32LE(at)
  const [sectors, tableAt, tableSectors, heapAt, clusters, root] = [
    wideLE(bytes, 72),
    u32(80),
    u32(84),
    u32(88),
    u32(92),
    u32(96),
  ]
  const [perCluster, tables, flags] = [
    2 ** Math.min(25, bytes[109] as number),
    bytes[110] as number,
    bytes.readUInt16LE(106),
  ]
  const faults: string[] = []
  if (bytes.readUInt16BE(510) !== 0x55aa) faults.push('its signature is missing')
  if (bytes.readUIntBE(0, 3) !== 0xeb7690) faults.push('it does not begin with the jump that belongs there')
  if (bytes.subarray(11, 64).some((byte) => byte !== 0)) faults.push('what must be zero is not')
  if (bytes[105] !== 1) faults.push('its version is unknown')
  if ((bytes[108] as number) + (bytes[109] as number) > 25) faults.push('its cluster size is impossible')
  if (tables !== 1 && tables !== 2) faults.push(`${String(tables)} allocation tables are impossible`)
  if (sectors === 0 || sectors * sector > areaSize) faults.push('the volume ends behind its partition or disk')
  if (tableAt < 24 || tableAt + tables * tableSectors > heapAt || (clusters + 2) * 4 > tableSectors * sector)
    faults.push('its allocation table does not fit')
  if (heapAt + clusters * perCluster > sectors) faults.push('its clusters lie outside the volume')
  if (root < 2 || root > clusters + 1) faults.push('its root folder lies outside')
  const active = tableAt + ((flags & activeTable) !== 0 && tables === 2 ? tableSectors : 0)
  return { boot: { sector, cluster: perCluster * sector, sectors, tableAt: active, heapAt, root, flags }, faults }
}

/** Section 3.4: over the first eleven sectors, without the flags and the percentage in use, which change. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 1) {
    if (at === 106 || at === 107 || at === 112) continue
    sum = (((sum & 1) << 31) | (sum >>> 1)) + (bytes[at] as number)
  }
  return sum >>> 0
}

/** Section 7.3; from as much of the root folder's first cluster as is read. */
function label(area: Disk, { sector, cluster, heapAt, root }: Boot): string {
  const folder = bytesAt(area, heapAt * sector + (root - 2) * cluster, Math.min(cluster, mostRootBytes))
  for (let at = 0; at + 32 <= folder.length && folder[at] !== 0; at += 32) {
    if (folder[at] !== labelEntry) continue
    return nameIn(folder.subarray(at + 2, at + 2 + 2 * Math.min(11, folder[at + 1] as number)), 'utf16le')
  }
  return ''
}
