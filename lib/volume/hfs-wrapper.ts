import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { areaOf, bytesAt } from './area.js'
import { nameIn } from './fields.js'
import type { FileSystem, FoundVolume } from './file-system-type.js'
import { hfsPlus } from './hfs-plus.js'

/**
 * HFS as such is recognised, not checked; one that is only the wrapper of an HFS+ volume is followed to it. Inside
 * Macintosh: Files, "Master Directory Blocks"; TN1150, "HFS Wrapper".
 */
export const hfs: FileSystem = {
  name: 'HFS',
  first: (area) => bytesAt(area, 1024, 2).toString('latin1') === 'BD',
  second: () => false,
  check: checkHfs,
}

const sector = 512

function checkHfs(area: Disk, where: string, findings: FindingList): FoundVolume[] {
  const block = bytesAt(area, 1024, 162)
  const blockSize = block.readUInt32BE(20)
  if (block.toString('latin1', 124, 126) === 'H+') {
    const offset = block.readUInt16BE(28) * sector + block.readUInt16BE(126) * blockSize
    return hfsPlus.check(areaOf(area, offset, block.readUInt16BE(128) * blockSize), where, findings)
  }
  findings.add('volume-unknown', 'info', `${where}: HFS of before 1998 is not checked here.`)
  const name = nameIn(block.subarray(37, 37 + Math.min(27, block.readUInt8(36))), 'latin1')
  const bytes = block.readUInt16BE(18) * blockSize
  return [{ kind: 'hfs', name, bytes, encrypted: false, clean: (block.readUInt16BE(10) & 0x100) !== 0 }]
}
