import { Buffer } from 'node:buffer'
import { isBundlePlist } from '../image/bundle-plist.js'
import { v1Length, v2FixedLength } from '../image/encryption-header.js'
import { fileKind, recogniseFile, tailLength, type FileFormat } from '../image/format.js'
import type { Encryption } from '../image/image.js'
import { tokenUuid } from '../image/token.js'
import { withFileIn, type OpenFile } from '../system/folder-looks.js'
import type { Folder } from '../system/folder.js'
import { systemCode } from '../system/file-system-error.js'
import type { RawPath } from '../text/raw-path.js'
import { identityOf, type IdentityFacts } from './identity.js'

/** What the content of a folder or file says. */
export interface Recognised {
  readonly encryption: Encryption
  readonly identity: string
}

const plistLimit = 1024 * 1024
const plists = ['Info.plist', 'Info.bckup'] as RawPath[]
const token = 'token' as RawPath

/**
 * Given an open folder that looks like a sparse bundle, return what its property lists and token say, or undefined
 * where neither list makes it one. Apple's reader does the same: Info.plist, else Info.bckup. Throws OperationalError
 * where the rights or the disk forbid a look.
 */
export function recogniseBundle(folder: Folder): Recognised | undefined {
  let prevented: Error | undefined
  for (const name of plists) {
    try {
      const content = readSmall(folder, name)
      if (content === undefined || !isBundlePlist(content)) continue
      const { encryption, uuid } = readTokenHead(folder)
      return { encryption, identity: identityOf({ uuid, ...birthOf(folder.stats), content }) }
    } catch (error) {
      prevented ??= error as Error
    }
  }
  if (prevented !== undefined) throw prevented
  return undefined
}

/** Given an open folder that is no readable bundle in spite of its name, return what can be said of it. */
export const unrecognisedBundle = ({ stats }: Pick<Folder, 'stats'>): Recognised => unrecognised(birthOf(stats))

/** Given the birth of something that is named as an image and is none, return what can be said of it. */
export const unrecognised = (birth: Birth): Recognised => ({
  encryption: 'unknown',
  identity: identityOf({ uuid: undefined, ...birth, content: Buffer.alloc(0) }),
})

/** As `recogniseBundle`, of the bytes of a bundle's property lists and token; undefined stands for what is not there or cannot be read. */
export function recogniseMembers(
  plists: readonly (Buffer | undefined)[],
  tokenBytes: Buffer | undefined,
  birth: Birth,
): Recognised | undefined {
  const content = plists.find((bytes) => bytes !== undefined && isBundlePlist(bytes))
  if (content === undefined) return undefined
  const { encryption, uuid } = tokenBytes === undefined ? unreadToken : tokenOf(tokenBytes)
  return { encryption, identity: identityOf({ uuid, ...birth, content }) }
}

/** What a single file is, with its owner and place where it is an image. */
export interface RecognisedFile extends Recognised {
  readonly kind: ReturnType<typeof fileKind>
  readonly format: FileFormat
  readonly stats: { readonly uid: number; readonly dev: number; readonly ino: number }
}

/** Given an open folder and the name of a regular file in it, return what its content says. Throws OperationalError. */
export function recogniseSingleFile(folder: Folder, name: RawPath): RecognisedFile {
  return withFileIn(folder, name, ({ stats, read }) => {
    const head = read(0, Math.min(stats.size, v2FixedLength))
    return { ...recogniseEnds(name, head, readEnd(read, stats.size), birthOf(stats)), stats }
  })
}

/** When and as what something was made: see `IdentityFacts`. */
export type Birth = Pick<IdentityFacts, 'inode' | 'born'>

const birthOf = ({ ino: inode, birthtimeMs: born }: { ino: number; birthtimeMs: number }): Birth => ({ inode, born })

/** Given a file's name, its first 76 bytes, its last 1276 and its birth, return what its content says. */
export function recogniseEnds(name: RawPath, head: Buffer, tail: Buffer, birth: Birth): Omit<RecognisedFile, 'stats'> {
  const format = recogniseFile(head, tail.subarray(Math.max(0, tail.length - tailLength)))
  const uuid = format === 'encrypted-v1' ? tokenUuid(tail) : format === 'encrypted-v2' ? tokenUuid(head) : undefined
  const encryption = format === 'encrypted-v1' ? 'v1' : format === 'encrypted-v2' ? 'v2' : undefined
  return {
    kind: fileKind(format, name),
    format,
    encryption: encryption ?? (format === 'none' ? 'unknown' : 'none'),
    identity: identityOf({ uuid, ...birth, content: unchanging(head) }),
  }
}

interface TokenFacts {
  readonly encryption: Encryption
  readonly uuid?: string | undefined
}

function readTokenHead(folder: Folder): TokenFacts {
  try {
    return withFileIn(folder, token, ({ stats: { size }, read }) =>
      tokenFacts(size, read(0, Math.min(size, v2FixedLength)), () => readEnd(read, size)),
    )
  } catch {
    // Missing, a link, or not to be read: what the image is stays certain, how it is encrypted does not.
    return { encryption: 'unknown' }
  }
}

const unreadToken: TokenFacts = { encryption: 'unknown' }

const tokenOf = (bytes: Buffer): TokenFacts =>
  tokenFacts(bytes.length, bytes.subarray(0, v2FixedLength), () => bytes.subarray(Math.max(0, bytes.length - v1Length)))

function tokenFacts(size: number, head: Buffer, readTail: () => Buffer): TokenFacts {
  if (size === 0) return { encryption: 'none' }
  if (head.toString('latin1', 0, 8) === 'encrcdsa') return { encryption: 'v2', uuid: tokenUuid(head) }
  const tail = readTail()
  if (tail.toString('latin1', Math.max(0, tail.length - 8)) !== 'cdsaencr') return { encryption: 'unknown' }
  return { encryption: 'v1', uuid: tokenUuid(tail) }
}

function readSmall(folder: Folder, name: RawPath): Buffer | undefined {
  try {
    return withFileIn(folder, name, ({ stats, read }) => (stats.size > plistLimit ? undefined : read(0, stats.size)))
  } catch (error) {
    // A link, a FIFO or nothing at all is no property list; anything else has hidden one from us.
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENOTFILE', 'ENXIO'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}

const readEnd = (read: OpenFile['read'], size: number): Buffer => {
  const length = Math.min(size, v1Length)
  return read(size - length, length)
}

/** A sparse image's header without its flags at 12, one of which says "in use" (apfs-fuse DeviceSparseImage). */
const unchanging = (head: Buffer): Buffer => Buffer.concat([head.subarray(0, 12), head.subarray(16, 20)])
