import type { Buffer } from 'node:buffer'
import type { Disk } from '../image/disk.js'
import type { FindingList } from '../image/finding-list.js'
import { bytesAt } from './area.js'
import type { FileSystem, FoundVolume } from './file-system-type.js'
import { checkTree, volumeName, type Tree } from './hfs-tree.js'
import { forkFaults, readHeader, type Header } from './hfs-header.js'
import { checkJournal } from './hfs-journal.js'

const headerAt = 1024
const headerLength = 512
const unmounted = 0x100
const inconsistent = 0x800
const journaled = 0x2000

/**
 * HFS+ and HFSX: the volume header against its alternate, 1,024 bytes before the end; counts and the special files
 * within the volume; the header nodes, roots and first leaves of the B-trees; the journal; what the volume says of
 * itself. Apple, Technical Note TN1150, "HFS Plus Volume Format".
 */
export const hfsPlus: FileSystem = {
  name: 'HFS+',
  first: (area) => isHeader(headerBytes(area, headerAt)),
  second: (area) => isHeader(headerBytes(area, alternateAt(area))),
  check: checkHfsPlus,
}

const alternateAt = (area: Disk): number => area.size - 1024
const headerBytes = (area: Disk, at: number): Buffer => bytesAt(area, at, headerLength)
const isHeader = (bytes: Buffer): boolean => ['H+', 'HX'].includes(bytes.toString('latin1', 0, 2))

function checkHfsPlus(area: Disk, where: string, findings: FindingList): FoundVolume[] {
  const first = readHeader(headerBytes(area, headerAt), area.size)
  const second = alternateOf(area, first.header)
  if (first.faults.length > 0)
    findings.add('hfs-header-damaged', 'error', `${where}: the volume header is damaged: ${first.faults.join('; ')}.`, {
      cure:
        second.faults.length === 0
          ? 'On a copy of the image, `fsck_hfs` writes it anew from the alternate header, which is whole.'
          : 'Restore an older copy.',
    })
  if (second.faults.length > 0)
    findings.add(
      'hfs-alternate-damaged',
      'warning',
      `${where}: the alternate volume header is damaged: ${second.faults.join('; ')}.`,
      { cure: 'On a copy of the image, `fsck_hfs` writes it anew.' },
    )
  if (first.faults.length + second.faults.length === 0 && !isSame(first.header, second.header))
    findings.add(
      'hfs-headers-differ',
      'warning',
      `${where}: the volume header and its alternate tell of other sizes.`,
      {
        cure: 'Let `fsck_hfs` look at a copy of the image.',
      },
    )
  // A header with a fault in it may still tell where everything is; its alternate does so better.
  const header = first.faults.length > 0 && second.faults.length === 0 ? second.header : first.header
  if (header === undefined) return []
  return [checkVolume(area, header, where, findings)]
}

function alternateOf(area: Disk, header: Header | undefined): ReturnType<typeof readHeader> {
  const atEnd = readHeader(headerBytes(area, alternateAt(area)), area.size)
  if (atEnd.header !== undefined || header === undefined) return atEnd
  // A volume that was made smaller ends before its partition does.
  const end = header.totalBlocks * header.blockSize
  const own = readHeader(headerBytes(area, end - 1024), area.size)
  return own.header === undefined ? atEnd : own
}

const isSame = (one: Header | undefined, other: Header | undefined): boolean =>
  one?.signature === other?.signature && one?.blockSize === other?.blockSize && one?.totalBlocks === other?.totalBlocks

function checkVolume(area: Disk, header: Header, where: string, findings: FindingList): FoundVolume {
  const { attributes, blockSize, totalBlocks } = header
  const journal = (attributes & journaled) === 0 ? 'none' : checkJournal(area, header, where, findings)
  const clean = (attributes & unmounted) !== 0 && journal !== 'full'
  // Of a volume in use some blocks are at their place already and some only in its journal.
  const severity = clean ? 'error' : 'warning'
  const forks = forkFaults(header)
  if (forks.length > 0)
    findings.add(
      'hfs-files-damaged',
      severity,
      `${where}: the files of the file system itself are misplaced: ${forks.join('; ')}.`,
      {
        cure: 'Restore an older copy.',
      },
    )
  const trees = (['extents', 'catalog', 'attributes'] as const).map((tree) =>
    checkTree(area, header, tree, (fault) =>
      findings.add('hfs-tree-damaged', severity, `${where}: the B-tree of the ${words[tree]} is damaged: ${fault}.`, {
        cure: 'Restore an older copy, or let `fsck_hfs` repair a copy of the image.',
      }),
    ),
  )
  if ((attributes & inconsistent) !== 0)
    findings.add('volume-inconsistent', 'warning', `${where}: macOS has marked the volume as inconsistent.`, {
      cure: 'Let `fsck_hfs` look at a copy of the image.',
    })
  if (!clean)
    findings.add(
      'volume-unclean',
      journal === 'none' ? 'warning' : 'info',
      `${where}: the volume was not unmounted in order.`,
      {
        cure:
          journal === 'none'
            ? 'Let `fsck_hfs` look at a copy of the image.'
            : 'macOS replays its journal when it is mounted next.',
      },
    )
  const [, catalog] = trees as [unknown, Tree | undefined]
  return {
    kind: header.signature === 'HX' ? 'hfsx' : 'hfs+',
    name: catalog === undefined ? '' : volumeName(area, header, catalog),
    bytes: totalBlocks * blockSize,
    encrypted: false,
    clean,
  }
}

const words = { extents: 'overflowing extents', catalog: 'catalog', attributes: 'attributes' } as const
