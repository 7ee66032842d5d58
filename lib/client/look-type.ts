import type { Buffer } from 'node:buffer'
import type { Container } from '../image/image.js'
import type { Platform } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'

/** Everything that one `look` of a client tells; see client/PROTOCOL.md. */
export interface ClientLook {
  readonly platform: Platform
  /** Seconds since 1970 by the client's clock. */
  readonly clock: number
  readonly roots: readonly ClientRoot[]
  readonly images: readonly ClientImage[]
  readonly otherImages: readonly RawPath[]
  readonly skipped: readonly { readonly why: string; readonly path: RawPath }[]
  readonly tools: ReadonlyMap<string, ToolOutput>
  readonly open: readonly ClientOpen[]
  readonly loops: readonly { readonly name: string; readonly backing: RawPath }[]
  readonly identities: ReadonlyMap<RawPath, { readonly device: number; readonly inode: number } | 'gone'>
  readonly problems: readonly string[]
}

export interface ClientRoot {
  readonly path: RawPath
  readonly state: string
  readonly device: number
  readonly entries: number
}

/** One image that the client found, with as much of it as its structure is judged by. */
export interface ClientImage {
  readonly path: RawPath
  readonly root: RawPath
  readonly container: Container
  readonly device: number
  readonly inode: number
  readonly ownerUid: number
  /** Seconds since 1970; 0: not known. */
  readonly born: number
  /** By name. */
  readonly files: ReadonlyMap<string, ClientFile>
  readonly parts: readonly { readonly offset: number; readonly bytes: Buffer }[]
  readonly bitmaps: Buffer | undefined
  /** The folder that holds it, and the one above that. */
  readonly homes: readonly ClientFolder[]
}

export interface ClientFile {
  /** A letter of `find -printf %y`, or `missing`, `unreadable`, `too-long`. */
  readonly type: string
  readonly size: number
  readonly bytes: Buffer
}

export interface ClientFolder {
  readonly path: RawPath
  readonly device: number
  readonly ownerUid: number
  readonly names: readonly RawPath[]
}

/** What a program printed; `exit` undefined: it is not there. */
export interface ToolOutput {
  readonly exit: number | undefined
  readonly output: Buffer
}

/** A process that has a member of an image open. */
export interface ClientOpen {
  /** Which image, from 0. */
  readonly image: number
  readonly pid: number
  readonly uid: number
  readonly program: string
  readonly member: RawPath
}

/** Given what a client told and the name of a program or a file there, return what that said, a character for each byte. */
export const toolText = ({ tools }: Pick<ClientLook, 'tools'>, name: string): string =>
  tools.get(name)?.output.toString('latin1') ?? ''
