import { OperationalError } from '../finding/operational-error.js'
import { byBytes, inBandOrder, type BandNames } from '../image/band-order.js'
import { bandIndex } from '../image/band-names.js'
import { machineId } from '../image/bundle-head.js'
import {
  createBundleCheck,
  type BundleCheck,
  type BundleHead,
  type StructureOptions,
} from '../image/bundle-structure.js'
import { sampleLength } from '../image/content-sniff.js'
import { bitmapLength } from '../image/mapped-bitmap.js'
import type { SmallFile } from '../image/small-file.js'
import type { Structure } from '../image/structure-type.js'
import { systemCode } from '../system/file-system-error.js'
import { lookAtAll, withFileIn, type Stats } from '../system/folder-looks.js'
import { closeFolder, look, names, openFolderIn, type Folder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'
import type { See } from './band-list.js'
import { bandNames, facts } from './members.js'
import { readSmallFile } from './small-file.js'

const mebibyte = 1024 * 1024
// Band sizes end at 8 GiB; a longer bitmap is of no use.
const longestBitmap = bitmapLength(8 * 1024 * mebibyte)

type Part = 'bands' | 'mapped'
type Opened =
  | { readonly state: 'folder'; readonly folder: Folder; readonly names: BandNames }
  | { readonly state: 'missing' | 'not-a-folder' }
  | { readonly state: 'unreadable'; readonly why: string }

/**
 * Given a bundle's open folder and its name, return its structure; `see` hears of each member. Throws OperationalError
 * where it cannot be listed.
 */
export function lookAtBundle(bundle: Folder, name: RawPath, options: StructureOptions, see?: See): Structure {
  const listed = byBytes(names(bundle))
  const bands = open(bundle, 'bands')
  const mapped = open(bundle, 'mapped')
  try {
    const head = readHead(bundle, name, listed, bands)
    const check = createBundleCheck(head, options)
    reportUnreadable(check, head)
    lookAtAll(bundle, listed, hand(check, '', see))
    feedMapped(check, mapped, bands.state === 'folder', see)
    feedBands(check, bands, see)
    for (const [part, opened] of [
      ['bands', bands],
      ['mapped', mapped],
    ] as const) {
      if (opened.state === 'folder' && !isStill(bundle, part, opened.folder)) {
        check.changed('', part as RawPath, 'was replaced')
      }
    }
    return check.finish()
  } finally {
    for (const opened of [bands, mapped]) if (opened.state === 'folder') closeFolder(opened.folder)
  }
}

function open(bundle: Folder, part: Part): Opened {
  let folder: Folder
  try {
    folder = openFolderIn(bundle, part as RawPath)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const system = systemCode(error)
    if (system === 'ENOENT') return { state: 'missing' }
    if (system === 'ENOTDIR' || system === 'ELOOP') return { state: 'not-a-folder' }
    return { state: 'unreadable', why: error.message }
  }
  try {
    return { state: 'folder', folder, names: bandNames(folder) }
  } catch (error) {
    closeFolder(folder)
    if (!(error instanceof OperationalError)) throw error
    return { state: 'unreadable', why: error.message }
  }
}

function readHead(bundle: Folder, name: RawPath, listed: readonly RawPath[], bands: Opened): BundleHead {
  const token = readSmallFile(bundle, 'token' as RawPath, mebibyte)
  const plain = token.state === 'read' && token.bytes.length === 0
  const sample = plain && bands.state === 'folder' ? readSample(bands.folder) : undefined
  return {
    name,
    infoPlist: readSmallFile(bundle, 'Info.plist' as RawPath, mebibyte),
    infoBackup: readSmallFile(bundle, 'Info.bckup' as RawPath, mebibyte),
    token,
    bands: bands.state,
    ...(listed.includes(machineId) ? { machineId: readSmallFile(bundle, machineId, mebibyte) } : {}),
    ...(sample === undefined ? {} : { sample }),
  }
}

function readSample(bands: Folder): Buffer | undefined {
  try {
    return withFileIn(bands, '0' as RawPath, ({ read }) => read(0, sampleLength))
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

function reportUnreadable(check: BundleCheck, head: BundleHead): void {
  const files: readonly (readonly [name: string, file: SmallFile | undefined])[] = [
    ['Info.plist', head.infoPlist],
    ['Info.bckup', head.infoBackup],
    ['token', head.token],
    [machineId, head.machineId],
  ]
  for (const [name, file] of files) {
    if (file?.state === 'unreadable') check.unreadable('', name as RawPath, file.fault)
  }
}

/** Hands each look to the check, and regular files to `use` as well. */
function hand(
  check: BundleCheck,
  folder: '' | Part,
  see: See | undefined,
  use?: (name: RawPath, stats: Stats) => void,
) {
  return (name: RawPath, stats: Stats | undefined, error: OperationalError | undefined): void => {
    if (stats !== undefined) {
      check.member(folder, name, facts(stats))
      see?.(folder, name, stats)
      if (use !== undefined && stats.isFile()) use(name, stats)
    } else if (error === undefined) check.changed(folder, name, 'vanished')
    else check.unreadable(folder, name, error.message)
  }
}

function feedBands(check: BundleCheck, bands: Opened, see: See | undefined): void {
  if (bands.state === 'unreadable') check.unreadable('', 'bands' as RawPath, bands.why)
  if (bands.state === 'folder') lookAtAll(bands.folder, inBandOrder(bands.names), hand(check, 'bands', see))
}

/** Bitmaps are of use only where the bands can be seen. */
function feedMapped(check: BundleCheck, mapped: Opened, bandsSeen: boolean, see: See | undefined): void {
  if (mapped.state === 'unreadable') check.unreadable('', 'mapped' as RawPath, mapped.why)
  if (mapped.state !== 'folder') return
  const { folder } = mapped
  const use = (name: RawPath, { size }: Stats): void => {
    const index = bandIndex(name)
    if (index === undefined || !bandsSeen) return
    if (size > longestBitmap) return check.bitmap(index, Buffer.alloc(0), size)
    const file = readSmallFile(folder, name, longestBitmap)
    if (file.state === 'read') check.bitmap(index, file.bytes, file.bytes.length)
    else if (file.state === 'unreadable') check.unreadable('mapped', name, file.fault)
    else check.changed('mapped', name, `became ${file.fault}`)
  }
  lookAtAll(folder, inBandOrder(mapped.names), hand(check, 'mapped', see, use))
}

function isStill(bundle: Folder, part: Part, folder: Folder): boolean {
  const now = look(bundle, part as RawPath)
  return now?.ino === folder.stats.ino && now.dev === folder.stats.dev
}
