import { closeSync, fsyncSync, ftruncateSync, writeSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { lookAt, realPath } from './file.js'
import { fileSystemError, systemCode } from './file-system-error.js'
import { createFileIn, linkIn, renameIn, syncFolderIn, unlinkIn } from './folder-writes.js'
import { closeFolder, openFolder } from './folder.js'

/** Takes the bytes of a disk in their order. Every failure is an OperationalError. */
export interface DiskOutput {
  /** Bytes of the disk, from an offset on; overwritten by the caller once this is done. */
  write(bytes: Buffer, offset: number): void | Promise<void>
  /** So many bytes that were never written, from an offset on. */
  hole(length: number, offset: number): void | Promise<void>
  /** All is there: so many bytes. */
  finish(size: number): void
  /** It goes no further; what was made is taken away. */
  abandon(): void
}

const blockBytes = 4096
const zeros = Buffer.alloc(1024 * 1024)

/**
 * Given the path of a file that must not stand yet, return an output into it: mode 0600, zeros left out as holes. Until
 * it is finished it is called NAME.partial, so that half a disk is never taken for one. Throws OperationalError.
 */
export function fileOutput(path: RawPath): DiskOutput {
  const folder = openFolder(realPath(parent(path)) ?? parent(path))
  const name = baseName(path)
  const partial = `${name}.partial` as RawPath
  let descriptor: number
  try {
    if (lookAt(path) !== undefined) throw taken(path)
    descriptor = createFileIn(folder, partial)
  } catch (error) {
    closeFolder(folder)
    if (systemCode(error) === 'EEXIST') throw leftOver(join(folder.path, partial))
    throw error
  }
  const attempt = <Result>(action: () => Result): Result => {
    try {
      return action()
    } catch (error) {
      throw fileSystemError(error, path)
    }
  }
  const close = (): void => {
    closeSync(descriptor)
    closeFolder(folder)
  }
  return {
    write(bytes, offset) {
      for (const [from, to] of writtenRuns(bytes)) {
        attempt(() => writeAt(descriptor, bytes.subarray(from, to), offset + from))
      }
    },
    hole: () => undefined,
    finish(size) {
      attempt(() => {
        ftruncateSync(descriptor, size)
        fsyncSync(descriptor)
      })
      try {
        // A link, unlike a rename, replaces nothing.
        linkIn(folder, partial, folder, name)
        unlinkIn(folder, partial)
      } catch (error) {
        if (systemCode(error) === 'EEXIST') throw taken(path)
        if (!withoutLinks.has(systemCode(error) ?? '')) throw error
        renameIn(folder, partial, folder, name)
      }
      syncFolderIn(folder)
      close()
    },
    abandon() {
      unlinkIn(folder, partial)
      close()
    },
  }
}

const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Return an output to this process's standard output, whatever that is; what was never written are zeros there. */
export function standardOutput(): DiskOutput {
  const { stdout } = process
  let failure: Error | undefined
  stdout.on('error', (error: Error) => void (failure = error))
  const write = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(outputFailed(failure))
      stdout.write(bytes, (error) => (error instanceof Error ? reject(outputFailed(error)) : resolve()))
    })
  return {
    write,
    async hole(length) {
      for (let left = length; left > 0; left -= zeros.length)
        await write(zeros.subarray(0, Math.min(left, zeros.length)))
    },
    finish: () => undefined,
    abandon: () => undefined,
  }
}

/** The runs of whole blocks that hold other bytes than zeros, as offsets; the last block may be shorter. */
function* writtenRuns(bytes: Buffer): Generator<readonly [from: number, to: number]> {
  let from = -1
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const end = Math.min(at + blockBytes, bytes.length)
    const empty = bytes[at] === 0 && zeros.compare(bytes, at, end, 0, end - at) === 0
    if (empty && from !== -1) yield [from, at]
    if (empty) from = -1
    else if (from === -1) from = at
  }
  if (from !== -1) yield [from, bytes.length]
}

function writeAt(descriptor: number, bytes: Buffer, offset: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, offset + written)
  }
}

const taken = (path: RawPath): OperationalError =>
  new OperationalError(
    'output-exists',
    `${printable(path)} is there already, and is not overwritten.`,
    'Name another file.',
  )

const leftOver = (path: RawPath): OperationalError =>
  new OperationalError(
    'output-unfinished',
    `${printable(path)} is there: another export is writing it, or one that was killed left it.`,
    'Remove it if no other export is running.',
  )

function outputFailed(error: Error): OperationalError {
  if (systemCode(error) === 'EPIPE') {
    const message = 'Whoever reads the output closed it before the end of the disk.'
    return new OperationalError('output-closed', message, 'Look at what it says.', { cause: error })
  }
  const failed = fileSystemError(error, 'standard output' as RawPath)
  return failed instanceof OperationalError
    ? failed
    : new OperationalError('output-failed', `Standard output: ${error.message}.`, 'Look at where it goes.')
}
