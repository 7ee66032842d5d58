import { Buffer } from 'node:buffer'
import { bandIndex } from '../image/band-names.js'
import { inBandOrder } from '../image/band-order.js'
import { machineId } from '../image/bundle-head.js'
import { createBundleCheck, type BundleHead, type StructureOptions } from '../image/bundle-structure.js'
import type { MemberFacts } from '../image/fingerprint.js'
import { memberType, type MemberPart } from '../image/member-table.js'
import type { SmallFile } from '../image/small-file.js'
import { checkSparseImage } from '../image/sparse-image-structure.js'
import type { Structure } from '../image/structure-type.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import type { ClientFile, ClientImage } from './look-type.js'
import type { ClientMembers } from './members.js'

/** Given an image on a client as it was told, and its members, return its structure by the same rules as here. */
export function clientStructure(image: ClientImage, members: ClientMembers, options: StructureOptions): Structure {
  const name = baseName(image.path)
  if (image.container === 'sparse-image') {
    const facts = members.own ?? { type: 'file', size: 0, inode: 0, links: 1, modified: 0, changed: 0 }
    return checkSparseImage(name, facts, (offset, length) => readPart(image, offset, length), options)
  }
  const head = headOf(image, members)
  const check = createBundleCheck(head, options)
  for (const [file, told] of [
    ['Info.plist', head.infoPlist],
    ['Info.bckup', head.infoBackup],
    ['token', head.token],
    [machineId, head.machineId],
  ] as const) {
    if (told?.state === 'unreadable') check.unreadable('', file as RawPath, told.fault)
  }
  // Bitmaps are of use only where the bands can be seen.
  const bitmapOf = head.bands === 'folder' ? bitmapsOf(image, members) : () => undefined
  for (const part of members.table.parts) {
    let at = part.start
    for (const inner of inBandOrder(part.names)) {
      check.member(part.part, inner, factsAt(members, at))
      if (part.part === 'mapped') {
        const [index, bitmap] = [bandIndex(inner), bitmapOf(at)]
        if (index !== undefined && bitmap !== undefined) check.bitmap(index, bitmap, bitmap.length)
      }
      at += 1
    }
  }
  return check.finish()
}

function headOf({ path, files }: ClientImage, { table }: ClientMembers): BundleHead {
  const own = table.parts.find(({ part }) => part === '')
  const rows = own === undefined ? [] : own.names.others
  const bandsRow = rows.indexOf('bands' as RawPath)
  const sample = files.get('bands/0')
  return {
    name: baseName(path),
    infoPlist: smallFile(files.get('Info.plist')),
    infoBackup: smallFile(files.get('Info.bckup')),
    token: smallFile(files.get('token')),
    bands: bandsRow < 0 ? 'missing' : memberType(table, bandsRow) === 'folder' ? 'folder' : 'not-a-folder',
    ...(rows.includes(machineId) ? { machineId: smallFile(files.get(machineId)) } : {}),
    ...(sample === undefined || sample.bytes.length === 0 ? {} : { sample: sample.bytes }),
  }
}

/** Given a small member as a client told it, return it as one that was read here. */
function smallFile(file: ClientFile | undefined): SmallFile {
  switch (file?.type) {
    case undefined:
    case 'missing':
      return { state: 'missing', fault: 'missing' }
    case 'f':
      if (file.bytes.length === file.size) return { state: 'read', bytes: file.bytes }
      return { state: 'unreadable', fault: 'it changed while the client read it' }
    case 'unreadable':
      return { state: 'unreadable', fault: 'the client may not read it' }
    case 'too-long':
      return { state: 'unusable', fault: 'longer than 1.0 MiB' }
    case 'l':
      return { state: 'unusable', fault: 'a symbolic link' }
    default:
      return { state: 'unusable', fault: 'not a file' }
  }
}

const factsAt = ({ table, links }: ClientMembers, row: number): MemberFacts => ({
  type: memberType(table, row) as MemberFacts['type'],
  size: table.size[row] as number,
  inode: table.inode[row] as number,
  links: links[row] as number,
  modified: (table.modified[row] as number) / 1000,
  changed: (table.changed[row] as number) / 1000,
})

/**
 * Told one after the other, so only of use where they are together as long as their files. Beyond what a client tells
 * of them the rule is kept by the copy, whose own bitmaps are read here.
 */
function bitmapsOf({ bitmaps }: ClientImage, { table }: ClientMembers): (row: number) => Buffer | undefined {
  const part: MemberPart | undefined = table.parts.find((one) => one.part === 'mapped')
  if (bitmaps === undefined || part === undefined) return () => undefined
  const starts = new Map<number, number>()
  let total = 0
  for (let at = 0; at < part.names.indexes.length; at += 1) {
    starts.set(part.start + at, total)
    total += table.size[part.start + at] as number
  }
  if (total !== bitmaps.length) return () => undefined
  return (row) => {
    const start = starts.get(row)
    return start === undefined ? undefined : bitmaps.subarray(start, start + (table.size[row] as number))
  }
}

/** What a client told of a sparse image at that offset; shorter where it told less. */
function readPart({ parts }: ClientImage, offset: number, length: number): Buffer {
  const found = parts.filter((part) => part.offset <= offset && offset <= part.offset + part.bytes.length)
  const longest = found.reduce<Buffer>((best, { offset: start, bytes }) => {
    const piece = bytes.subarray(offset - start, offset - start + length)
    return piece.length > best.length ? piece : best
  }, Buffer.alloc(0))
  return longest
}
