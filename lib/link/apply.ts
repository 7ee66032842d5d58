import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { readFileBounded, realPath, replaceFile } from '../system/file.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { refuseReset, takeApart, withBlock, type TakenApart } from './block.js'
import type { BlockOwner, ExcludesPlan } from './excludes-type.js'

/** An excludes file of more than 4 MiB is none: rsync matches each path against each line. */
const largest = 4 * 1024 * 1024

/** What was done to an excludes file. */
export interface ExcludesChange {
  /** The file itself, behind whatever links lead to it. */
  readonly file: RawPath
  /** false: it was as wanted already and was not touched. */
  readonly changed: boolean
  /** What the file holds now. */
  readonly bytes: Buffer
  /** What it held before. */
  readonly before: TakenApart
  /** Sentences for the administrator; mostly none. */
  readonly notes: readonly string[]
}

/** Given the path of LBackup's excludes file, return its bytes taken apart. Follows links. Throws OperationalError. */
export function readExcludes(path: RawPath): { file: RawPath; bytes: Buffer; parts: TakenApart } {
  const { file, bytes } = open(path)
  return { file, bytes, parts: takeApart(bytes) }
}

/**
 * Given the path of LBackup's excludes file, the plan and whose run it is, put the block first in the file, replacing one
 * that was there. The file is replaced whole, keeping owner and mode; a link to it stays. Throws OperationalError.
 */
export function putBlock(path: RawPath, plan: Pick<ExcludesPlan, 'rules'>, owner: BlockOwner): ExcludesChange {
  return rewrite(path, (parts, bytes, file) => {
    refuseReset(parts.administrator, file)
    return withBlock(bytes, owner, plan.rules)
  })
}

/** Given the path of LBackup's excludes file, take every block of ours out of it. Safe to repeat. Throws OperationalError. */
export function takeBlockOut(path: RawPath): ExcludesChange {
  return rewrite(path, (parts) => parts.administrator)
}

/**
 * Given the path of LBackup's excludes file and a run, take that run's block out; one of another run stays, and so does
 * what somebody is writing at this moment. Throws OperationalError.
 */
export function takeBlockOfRun(path: RawPath, run: string): void {
  if (readExcludes(path).parts.owners.some((owner) => owner.run === run)) takeBlockOut(path)
}

function rewrite(path: RawPath, make: (parts: TakenApart, bytes: Buffer, file: RawPath) => Buffer): ExcludesChange {
  const { file, bytes, stats } = open(path)
  const before = takeApart(bytes)
  const wanted = make(before, bytes, file)
  const changed = !wanted.equals(bytes)
  if (changed) {
    refuseSecondName(file, stats.nlink)
    replaceFile(file, wanted, { like: stats, unchangedSince: stats })
  }
  return { file, changed, bytes: wanted, before, notes: before.missing.map((rule) => lostRule(file, rule)) }
}

function open(path: RawPath): ReturnType<typeof readFileBounded> & { file: RawPath } {
  const file = realPath(path)
  if (file === undefined) {
    throw new OperationalError(
      'excludes-missing',
      `LBackup's excludes file ${printable(path)} is not there, or is a link to a file that is not there; LBackup refuses to run without it.`,
      'Make it, or the file it points to, with `touch`: an empty file is enough.',
    )
  }
  return { file, ...readFileBounded(file, largest) }
}

/** A file is replaced by a rename, which would tear two names of one file apart. */
function refuseSecondName(file: RawPath, names: number): void {
  if (names <= 1) return
  throw new OperationalError(
    'excludes-hard-linked',
    `The excludes file ${printable(file)} has ${count(names, 'hard link')}; replacing it safely would leave the other names with an old copy.`,
    'Give this backup an excludes file of its own, or use symbolic links instead of hard links.',
  )
}

function lostRule(file: RawPath, rule: RawPath): string {
  return `Somebody edited our lines in ${printable(file)}: the rule \`${printable(rule)}\` no longer stands where we put it. If it stands elsewhere in the file, it is still in force; remove it there.`
}
