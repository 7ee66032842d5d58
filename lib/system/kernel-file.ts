import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { fromBytes, fromLatin1, toBytes, type RawPath } from '../text/raw-path.js'
import { systemCode } from './file-system-error.js'

// The kernel's own files (/proc, /sys): their size is always 0, they vanish with their process, and root may be refused.

/** Why there is no answer: the process or device is gone, or we may not look. */
export type NoAnswer = 'gone' | 'denied'

/** What tells one file from all others on this machine. */
export interface FileIdentity {
  readonly device: number
  readonly inode: number
  readonly links: number
  readonly ownerUid: number
  readonly regular: boolean
}

/** Given the path of a kernel file, return its text, one character per byte, cut at `maxBytes`. */
export function readKernelFile(path: string, maxBytes = 1024 * 1024): { text: string } | NoAnswer {
  return attempt(() => {
    const descriptor = openSync(encoded(path), 'r')
    try {
      const parts: Buffer[] = []
      let total = 0
      while (total < maxBytes) {
        const part = Buffer.allocUnsafe(Math.min(chunk, maxBytes - total))
        const got = readSync(descriptor, part)
        if (got === 0) break
        parts.push(part.subarray(0, got))
        total += got
      }
      return { text: fromBytes(Buffer.concat(parts, total)) }
    } finally {
      closeSync(descriptor)
    }
  })
}

/** Given a kernel folder, return the names in it. */
export function kernelNames(path: string): { names: string[] } | NoAnswer {
  return attempt(() => ({ names: readdirSync(encoded(path), 'latin1') }))
}

/** Given a kernel link such as `/proc/1/fd/3`, return the text it holds. Touches no file system but /proc. */
export function linkText(path: string): { target: RawPath } | NoAnswer {
  return attempt(() => ({ target: fromLatin1(readlinkSync(path, 'latin1')) }))
}

/** Given a path, return which file it leads to, links followed: the file a process has open, for a descriptor's link. */
export function identityThrough(path: string): FileIdentity | NoAnswer {
  return attempt(() => identity(statSync(encoded(path))))
}

/** Given a path, return which file it names, no link followed at its end. */
export function identityOf(path: string): FileIdentity | NoAnswer {
  return attempt(() => identity(lstatSync(encoded(path))))
}

const chunk = 64 * 1024
const gone = new Set(['ENOENT', 'ESRCH', 'ENOTDIR', 'ENODEV', 'ENXIO', 'ELOOP', 'ESTALE'])

function attempt<Result>(look: () => Result): Result | NoAnswer {
  try {
    return look()
  } catch (error) {
    return gone.has(systemCode(error) ?? '') ? 'gone' : 'denied'
  }
}

function identity(stats: { dev: number; ino: number; nlink: number; uid: number; isFile(): boolean }): FileIdentity {
  return { device: stats.dev, inode: stats.ino, links: stats.nlink, ownerUid: stats.uid, regular: stats.isFile() }
}

// eslint-disable-next-line no-control-regex
const encoded = (path: string): string | Buffer => (/^[\u0000-\u007f]*$/.test(path) ? path : toBytes(path as RawPath))
