import { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { size } from '../text/measure.js'
import { bytesAt } from './area.js'
import { readBoot, type Boot } from './fat-boot.js'
import { nameIn } from './fields.js'
import type { FileSystem, FoundVolume } from './file-system-type.js'

const mostCompared = 1024 * 1024
const usualBackup = 6
const check = 'Let `fsck_msdos` (or `fsck.fat -n`) look at a copy of the image.'

/**
 * FAT12, FAT16 and FAT32: the boot sector, on FAT32 against its backup and with its information sector, sizes within
 * the area, the copies of the table against each other, and the marks of an orderly unmount. Microsoft, "FAT: General
 * Overview of On-Disk Format" (FAT32 File System Specification 1.03). Throws OperationalError where the area cannot be
 * read.
 */
export const fat: FileSystem = {
  name: 'FAT',
  first: (area) => leavesTrace(bytesAt(area, 0, 512)),
  second: (area) => leavesTrace(bytesAt(area, usualBackup * 512, 512)),
  check: checkFat,
}

function leavesTrace(bytes: Buffer): boolean {
  const named = bytes.toString('latin1', 54, 57) === 'FAT' || bytes.toString('latin1', 82, 87) === 'FAT32'
  return named || ([0xeb, 0xe9].includes(bytes[0] as number) && readBoot(bytes, Infinity).faults.length === 0)
}

function checkFat(area: Disk, where: string, findings: FindingList): FoundVolume[] {
  const bytes = bytesAt(area, 0, 512)
  const first = readBoot(bytes, area.size)
  const backupAt = (first.boot?.bits === 32 ? first.boot.backup * first.boot.sector : 0) || usualBackup * 512
  const backupBytes = bytesAt(area, backupAt, 512)
  const second = readBoot(backupBytes, area.size)
  const hasBackup = second.boot?.bits === 32 && second.faults.length === 0
  if (first.faults.length > 0)
    findings.add('fat-boot-damaged', 'error', `${where}: the boot sector is damaged: ${first.faults.join('; ')}.`, {
      cure: hasBackup
        ? 'On a copy of the image, `fsck.fat` writes it anew from its backup, which is whole.'
        : 'Restore an older copy.',
    })
  const boot = first.faults.length > 0 && hasBackup ? second.boot : first.boot
  if (boot === undefined) return []
  if (boot.bits === 32 && first.faults.length === 0) {
    if (boot.backup > 0 && !isSame(bytes, backupBytes))
      findings.add(
        'fat-backup-differs',
        'warning',
        `${where}: the backup of the boot sector is damaged or another one.`,
        {
          cure: check,
        },
      )
    checkInformation(area, boot, where, findings)
  }
  const clean = checkTables(area, boot, where, findings)
  const name = boot.label === 'NO NAME' ? '' : nameIn(Buffer.from(boot.label, 'latin1'), 'latin1')
  return [{ kind: `fat${boot.bits}`, name, bytes: boot.sectors * boot.sector, encrypted: false, clean }]
}

/** All that the two boot sectors have to share: not the mark of a volume in use (byte 65), nor the code behind it. */
const isSame = (one: Buffer, other: Buffer): boolean =>
  one.subarray(0, 65).equals(other.subarray(0, 65)) && one.readUInt16BE(510) === other.readUInt16BE(510)

function checkInformation(
  area: Disk,
  { sector, information, clusters }: Boot,
  where: string,
  findings: FindingList,
): void {
  if (information === 0 || information === 0xffff) return
  const bytes = bytesAt(area, information * sector, 512)
  const signed = [0, 484, 508].every(
    (at, index) => bytes.readUInt32LE(at) === ([0x41615252, 0x61417272, 0xaa550000][index] as number),
  )
  const free = bytes.readUInt32LE(488)
  if (!signed || (free > clusters && free !== 0xffffffff))
    findings.add('fat-information-damaged', 'warning', `${where}: the sector that counts free clusters is damaged.`, {
      cure: check,
    })
}

/** Returns whether the second entry says that the volume was unmounted in order; FAT12 has no room to say so. */
function checkTables(area: Disk, boot: Boot, where: string, findings: FindingList): boolean {
  const { bits, sector, reserved, tables, tableSectors, media } = boot
  const length = tableSectors * sector
  const at = reserved * sector
  const [zero, one] = firstEntries(bytesAt(area, at, 8), bits)
  const ones = bits === 12 ? 0xf00 : bits === 16 ? 0xff00 : 0xfffff00
  // No system reads it; some formatting programs put another kind of medium here than into the boot sector.
  const severity = zero >= ones + 0xf0 ? 'warning' : 'error'
  if (zero !== ones + media)
    findings.add('fat-table-damaged', severity, `${where}: the allocation table does not begin as one.`, {
      cure: check,
    })
  for (let table = 1; table < tables; table += 1) {
    const compared = Math.min(length, mostCompared)
    if (bytesAt(area, at, compared).equals(bytesAt(area, at + table * length, compared))) continue
    findings.add(
      'fat-tables-differ',
      'warning',
      `${where}: the ${String(tables)} copies of the allocation table differ in their first ${size(compared)}.`,
      { cure: check },
    )
  }
  const [unmounted, errorFree] = bits === 16 ? [0x8000, 0x4000] : bits === 32 ? [0x8000000, 0x4000000] : [0, 0]
  if ((one & errorFree) !== errorFree)
    findings.add(
      'volume-inconsistent',
      'warning',
      `${where}: the volume met read or write errors when it was used last.`,
      {
        cure: check,
      },
    )
  const clean = (one & unmounted) === unmounted && !boot.dirty
  if (!clean)
    findings.add('volume-unclean', 'warning', `${where}: the volume was not unmounted in order.`, { cure: check })
  return clean
}

function firstEntries(bytes: Buffer, bits: Boot['bits']): [number, number] {
  if (bits === 12) return [bytes.readUInt16LE(0) & 0xfff, bytes.readUInt16LE(1) >> 4]
  if (bits === 16) return [bytes.readUInt16LE(0), bytes.readUInt16LE(2)]
  return [bytes.readUInt32LE(0) & 0xfffffff, bytes.readUInt32LE(4) & 0xfffffff]
}
