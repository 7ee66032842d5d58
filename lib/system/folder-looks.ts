import type { Buffer } from 'node:buffer'
import { chdir } from 'node:process'
import { closeSync, constants, linkSync, lstatSync, opendirSync, openSync, type Stats } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { OperationalError } from '../finding/operational-error.js'
import { join, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError } from './file-system-error.js'
import { openFileIn, reach, readRange, type Folder } from './folder.js'
import { steadyPath } from './steady-path.js'

export type { Stats } from 'node:fs'

/** Receives the lstat of each name: stats, undefined where nothing of that name is there, or what prevented the look. */
export type Visit = (name: RawPath, stats: Stats | undefined, error: OperationalError | undefined) => void

/**
 * Given an open folder and names in it, lstat each and hand the result to `visit`, in order. Made for folders of a
 * hundred thousand members: on Linux the process stands in the folder meanwhile, since a path through /proc costs two
 * thirds of the time. `visit` must be synchronous and use absolute paths only. In a worker, which cannot do that, it is
 * slower.
 */
export function lookAtAll(folder: Folder, names: Iterable<RawPath>, visit: Visit): void {
  standingIn(folder, (pathOf) => {
    for (const name of names) {
      let stats: Stats | undefined
      try {
        stats = lstatSync(pathOf(name), noThrow)
      } catch (error) {
        const prevented = fileSystemError(error, join(folder.path, name))
        if (!(prevented instanceof OperationalError)) throw prevented
        visit(name, undefined, prevented)
        continue
      }
      visit(name, stats, undefined)
    }
  })
}

/**
 * Given two held folders, of which `to` is ours alone, and names of files, give each file the same name in `to` as well;
 * `failed` says what is thrown where a link cannot be made, and `linked` hears of each that was. As fast, and with the
 * same demands, as `lookAtAll`.
 */
export function linkAll(
  from: Folder,
  names: Iterable<RawPath>,
  to: Folder,
  failed: (name: RawPath, error: unknown) => unknown,
  linked: (name: RawPath) => void = () => undefined,
): void {
  // Standing in the one folder, the other is reached by its own path where that is safe, and through /proc where not.
  const steady = steadyPath(to)
  const start = `${steady ?? ''}/`
  standingIn(steady === undefined ? to : from, (pathOf) => {
    for (const name of names) {
      try {
        if (steady === undefined) linkSync(reach(from, name), pathOf(name))
        else linkSync(pathOf(name), asGiven((start + name) as RawPath))
      } catch (error) {
        throw failed(name, fileSystemError(error, join(to.path, name)))
      }
      linked(name)
    }
  })
}

function standingIn(folder: Folder, use: (pathOf: (name: RawPath) => string | Buffer) => void): void {
  const back = process.platform === 'linux' && isMainThread ? stand(folder) : undefined
  try {
    use(back === undefined ? (name) => reach(folder, name) : asGiven)
  } finally {
    back?.()
  }
}

/**
 * Given an open folder and a name in it, return its mtime in whole seconds since 1970, rounded down from the nanoseconds
 * the system has; undefined where there is nothing of that name, or it cannot be looked at.
 */
export function modifiedSeconds(folder: Folder, name: RawPath): bigint | undefined {
  const nanoseconds = modifiedNanoseconds(folder, name)
  return nanoseconds && (nanoseconds - (((nanoseconds % second) + second) % second)) / second
}

/** As `modifiedSeconds`, in nanoseconds. */
export function modifiedNanoseconds(folder: Folder, name: RawPath): bigint | undefined {
  try {
    return lstatSync(reach(folder, name), { bigint: true }).mtimeNs
  } catch {
    return undefined
  }
}

const second = 1_000_000_000n
const noThrow = { throwIfNoEntry: false } as const
// eslint-disable-next-line no-control-regex
const ascii = /^[\u0000-\u007f]*$/
const asGiven = (name: RawPath): string | Buffer => (ascii.test(name) ? name : toBytes(name))

/** Steps into the folder by its descriptor; returns the way back, or undefined where one of the two is not possible. */
function stand(folder: Folder): (() => void) | undefined {
  let home: number
  try {
    home = openSync('.', constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return undefined
  }
  try {
    chdir(`/proc/self/fd/${String(folder.descriptor)}`)
  } catch {
    closeSync(home)
    return undefined
  }
  return () => {
    try {
      chdir(`/proc/self/fd/${String(home)}`)
    } finally {
      closeSync(home)
    }
  }
}

/**
 * Given an open folder, hand each name in it to `visit`, in no order. Unlike a list of all names it takes no memory that
 * grows with the folder, and the system does not sort what the caller sorts otherwise.
 */
export function eachName(folder: Folder, visit: (name: RawPath) => void): void {
  try {
    const stream = opendirSync(reach(folder, '.'), { encoding: 'latin1' as BufferEncoding, bufferSize: 4096 })
    try {
      for (let entry = stream.readSync(); entry !== null; entry = stream.readSync()) visit(entry.name as RawPath)
    } finally {
      stream.closeSync()
    }
  } catch (error) {
    throw fileSystemError(error, folder.path)
  }
}

/** An open regular file in a folder: its stats, and its bytes in a range (shorter where the file ends first). */
export interface OpenFile {
  readonly stats: Stats
  readonly read: (offset: number, length: number) => Buffer
}

/** Given an open folder and the name of a regular file in it, open it, hand it to `use`, and close it whatever happens. */
export function withFileIn<Result>(folder: Folder, name: RawPath, use: (file: OpenFile) => Result): Result {
  const { descriptor, stats } = openFileIn(folder, name)
  try {
    return use({
      stats,
      read: (offset, length) => {
        try {
          return readRange(descriptor, offset, length)
        } catch (error) {
          throw fileSystemError(error, join(folder.path, name))
        }
      },
    })
  } finally {
    closeSync(descriptor)
  }
}
