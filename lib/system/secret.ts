import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { Socket } from 'node:net'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { fileSystemError } from './file-system-error.js'

// A secret is bytes in one buffer, which its reader overwrites. It is never a string: those cannot be overwritten, and
// nobody knows how many copies of them there are.

const [lineFeed, zero] = [10, 0]

/**
 * Given a buffer that begins with a secret, return it up to the first LF or NUL; what lies behind it is overwritten.
 */
export function firstLine(bytes: Buffer): Buffer {
  const at = bytes.findIndex((byte) => byte === lineFeed || byte === zero)
  const end = at === -1 ? bytes.length : at
  bytes.fill(0, end)
  return bytes.subarray(0, end)
}

/**
 * Given the path of a file, return up to `most` of its first bytes as a buffer of their own. A link is not followed; the
 * file must be ours alone: mode 0600 or less, owned by this user. Throws OperationalError.
 */
export function readSecretFile(path: RawPath, most: number): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw fileSystemError(error, path)
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw fileSystemError(Object.assign(new Error(), { code: 'ENOTFILE' }), path)
    if (stats.uid !== process.geteuid?.() || (stats.mode & 0o077) !== 0) throw notOurs(path, stats)
    return readAll(descriptor, most)
  } catch (error) {
    throw fileSystemError(error, path)
  } finally {
    closeSync(descriptor)
  }
}

/** Given the number of an open descriptor, return up to `most` bytes of what it gives before its end, or its first LF. */
export async function readSecretDescriptor(descriptor: number, most: number): Promise<Buffer> {
  try {
    const stats = fstatSync(descriptor)
    // A pipe or socket may not wait for what it has not got yet.
    return stats.isFIFO() || stats.isSocket() ? await readStream(descriptor, most) : readAll(descriptor, most)
  } catch (error) {
    const system = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new OperationalError(
      'passphrase-unreadable',
      `No passphrase can be read from descriptor ${String(descriptor)} (${system}).`,
      'Hand it over open for reading, such as: --passphrase-fd 3 3< FILE',
      { cause: error },
    )
  }
}

function readAll(descriptor: number, most: number): Buffer {
  const bytes = Buffer.alloc(most)
  for (let filled = 0; filled < most;) {
    const got = readSync(descriptor, bytes, filled, most - filled, null)
    filled += got
    if (got === 0 || bytes.subarray(filled - got, filled).includes(lineFeed)) return bytes.subarray(0, filled)
  }
  return bytes
}

function readStream(descriptor: number, most: number): Promise<Buffer> {
  const bytes = Buffer.alloc(most)
  let filled = 0
  const stream = new Socket({ fd: descriptor, readable: true, writable: false })
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      const more = chunk.copy(bytes, filled)
      const ended = chunk.includes(lineFeed)
      chunk.fill(0)
      filled += more
      if (!ended && filled < most) return
      stream.destroy()
      resolve(bytes.subarray(0, filled))
    })
    stream.on('end', () => resolve(bytes.subarray(0, filled)))
    stream.on('error', reject)
  })
}

function notOurs(path: RawPath, { uid, mode }: { uid: number; mode: number }): OperationalError {
  const how =
    uid === process.geteuid?.() ? `has mode ${(mode & 0o7777).toString(8)}` : `belongs to user id ${String(uid)}`
  return new OperationalError(
    'passphrase-exposed',
    `${printable(path)}, which should hold a passphrase, ${how}: others may read or change it.`,
    'Make it ours alone: chown it to the user who runs this, chmod 600; and change the passphrase if others may have read it.',
  )
}
