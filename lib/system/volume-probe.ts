import {
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs'
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { join, toBytes, type RawPath } from '../text/raw-path.js'
import { fileSystemError, systemCode } from './file-system-error.js'

/** What a volume can do, found out by doing it. */
export interface VolumeProbe {
  /** A second name for a file: rsync's `--link-dest` lives on it. */
  readonly hardLinks: boolean
  /** A rename over a file that stands. */
  readonly rename: boolean
  /** The smallest step of a file's time in seconds, as far as can be told: 0.000001 or finer, 0.001, 1 or 2. */
  readonly timeStepSeconds: number
  /** A file can be given to another user; undefined: only root can find out. */
  readonly keepsOwner: boolean | undefined
}

/**
 * Given a folder, find out what its volume can do in a new folder inside it, which is removed again. Throws
 * OperationalError where nothing can be written there.
 */
export function probeVolume(folder: RawPath): VolumeProbe {
  const probe = toBytes(join(folder, `.lbackup-filevault-probe-${randomBytes(6).toString('hex')}`))
  try {
    mkdirSync(probe, { mode: 0o700 })
  } catch (error) {
    throw fileSystemError(error, folder)
  }
  try {
    return tryAll((name) => Buffer.concat([probe, Buffer.from(`/${name}`)]))
  } catch (error) {
    throw fileSystemError(error, folder)
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

function tryAll(path: (name: string) => Buffer): VolumeProbe {
  const [one, other, linked] = [path('one'), path('other'), path('linked')]
  writeFileSync(one, 'one', { mode: 0o600 })
  writeFileSync(other, 'other', { mode: 0o600 })
  const look = (file: Buffer): BigIntStats => lstatSync(file, { bigint: true })
  return {
    hardLinks: works(() => {
      linkSync(one, linked)
      return look(linked).ino === look(one).ino && look(one).nlink === 2n
    }),
    timeStepSeconds: timeStep(other, look),
    keepsOwner: keepsOwner(other, look),
    rename: works(() => {
      const { ino } = look(one)
      renameSync(one, other)
      return look(other).ino === ino
    }),
  }
}

/** A time with an odd second, and digits that only a step of a microsecond or less keeps. */
function timeStep(file: Buffer, look: (file: Buffer) => BigIntStats): number {
  utimesSync(file, 1_000_000_001, 1_000_000_001.123457)
  const { mtimeNs } = look(file)
  const fraction = mtimeNs % 1_000_000_000n
  if (fraction === 0n) return mtimeNs / 1_000_000_000n === 1_000_000_001n ? 1 : 2
  return fraction % 1_000_000n === 0n ? 0.001 : 0.000_001
}

function keepsOwner(file: Buffer, look: (file: Buffer) => BigIntStats): boolean | undefined {
  if (process.getuid?.() !== 0) return undefined
  return works(() => {
    chownSync(file, 54321, 54321)
    return look(file).uid === 54321n
  })
}

function works(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') throw error
    return false
  }
}
