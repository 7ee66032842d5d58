import { Buffer } from 'node:buffer'
import type { Discovery, DiscoveryNote, SearchOptions } from '../discover/discovery.js'
import { collectNotes, type Notes } from '../discover/notes.js'
import type { FoundImage } from '../discover/find.js'
import { recogniseEnds, recogniseMembers, unrecognised } from '../discover/recognise.js'
import { nameSlots, noteSameIdentity } from '../discover/settle.js'
import { isBundleName } from '../image/format.js'
import { v2FixedLength, v1Length } from '../image/encryption-header.js'
import { printable } from '../text/printable.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import type { ClientImage, ClientLook } from './look-type.js'

/**
 * Given what a client told, return the images in it as a search here would have found them: by the same rules of content,
 * identity and slot.
 */
export function clientDiscovery(look: ClientLook, { source }: Pick<SearchOptions, 'source'>): Discovery {
  const notes = collectNotes()
  const found = look.images.flatMap((image) => foundImage(image, notes) ?? [])
  for (const { path, state } of look.roots) noteRoot(path, state, notes)
  for (const { why, path } of look.skipped) noteSkipped(why, path, notes)
  for (const path of look.otherImages) {
    notes.add(
      'other-image-kind',
      path,
      `${printable(path)} is a disk image of another kind, or not finished yet; it is copied like any file.`,
    )
  }
  for (const problem of look.problems) notes.add('unreadable', '' as RawPath, `The client says: ${problem}`)
  const first = look.roots[0]?.path ?? ('/' as RawPath)
  const images = nameSlots(found, source ?? first, notes)
  noteSameIdentity(images, notes)
  const entries = look.roots.reduce((sum, root) => sum + root.entries, 0)
  return { images, notes: notes.all(), counts: { entries, folders: 0, filesOpened: 0 } }
}

function foundImage(image: ClientImage, notes: Notes): FoundImage | undefined {
  const { path, root, container, ownerUid, device, inode, born } = image
  const place = { path, root, ownerUid, device, inode }
  const birth = { inode, born: born * 1000 }
  if (container === 'sparse-image') {
    const recognised = recogniseEnds(baseName(path), headOf(image), tailOf(image), birth)
    if (recognised.kind !== 'sparse-image' && recognised.kind !== 'damaged') {
      notes.add(
        'other-image-kind',
        path,
        `${printable(path)} is a disk image of another kind; it is copied like any file.`,
      )
      return undefined
    }
    const { encryption, identity } = recognised
    return { ...place, container, encryption, identity, recognised: recognised.kind === 'sparse-image' }
  }
  const bytes = (name: string): Buffer | undefined => {
    const file = image.files.get(name)
    return file?.type === 'f' && file.bytes.length === file.size ? file.bytes : undefined
  }
  const recognised = recogniseMembers([bytes('Info.plist'), bytes('Info.bckup')], bytes('token'), birth)
  if (recognised === undefined && !isBundleName(baseName(path))) return undefined
  return { ...place, container, recognised: recognised !== undefined, ...(recognised ?? unrecognised(birth)) }
}

const headOf = ({ parts }: ClientImage): Buffer =>
  (parts.find(({ offset }) => offset === 0)?.bytes ?? Buffer.alloc(0)).subarray(0, v2FixedLength)

/** The last piece told is the end of the file. */
function tailOf({ parts }: ClientImage): Buffer {
  const end = (one: ClientImage['parts'][number]): number => one.offset + one.bytes.length
  const last = [...parts].sort((one, other) => end(other) - end(one))[0]
  if (last === undefined) return Buffer.alloc(0)
  return last.bytes.subarray(Math.max(0, last.bytes.length - v1Length))
}

function noteRoot(path: RawPath, state: string, notes: Notes): void {
  if (state === 'ok') return
  const why = state === 'missing' ? 'is not there' : state === 'link' ? 'is a symbolic link' : 'may not be read'
  notes.add(
    state === 'missing' ? 'root-missing' : 'unreadable',
    path,
    `${printable(path)} on the client was not searched: it ${why}.`,
  )
}

const codes: Readonly<Record<string, DiscoveryNote['code']>> = {
  'other-device': 'other-device',
  depth: 'depth-limit',
}

function noteSkipped(why: string, path: RawPath, notes: Notes): void {
  const reason =
    why === 'other-device'
      ? 'another volume is mounted there'
      : why === 'depth'
        ? 'it lies too deep'
        : 'it may not be read (on macOS give Full Disk Access to sshd)'
  notes.add(codes[why] ?? 'unreadable', path, `${printable(path)} on the client was not searched: ${reason}.`)
}
