import { Buffer } from 'node:buffer'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromBytes, toBytes, type RawPath } from '../text/raw-path.js'
import { holderClue } from './holder-clue.js'
import { lsofArguments, parseLsof, type OpenFile } from './lsof.js'
import type { KeyFile, Watched } from './members.js'
import { parsePs, withDescendants } from './process-list.js'
import { sayUnknown, type Say } from './say.js'
import { noAnswer } from '../system/tool-answer.js'

/** Given images, say of each which programs have its token, lock or file open, by one call of lsof for all. */
export async function sayOpen(
  system: System,
  images: readonly Watched[],
  options: { excludePids: readonly number[]; root: boolean },
  say: Say,
): Promise<void> {
  const wanted: { image: RawPath; file: KeyFile; path: string }[] = []
  for (const { subject, files } of images) {
    for (const file of files) {
      const path = toBytes(file.path).toString('utf8')
      // The plists are opened by Spotlight and by every program that shows the bundle; its users hold these.
      if (subject.container === 'sparse-bundle' && file.name !== 'token' && file.name !== 'lock') continue
      if (Buffer.from(path).equals(toBytes(file.path))) wanted.push({ image: subject.path, file, path })
      else say(subject.path, { says: 'unknown', evidence: notText })
    }
  }
  if (wanted.length === 0) return
  const result = await system.tool('lsof', [...lsofArguments, ...wanted.map(({ path }) => path)], {
    maxOutputBytes: 64 * 1024 * 1024,
  })
  // lsof ends with 1 where one of the files is open in no process, which is what we hope for.
  const silent = noAnswer(result, [0, 1])
  const complaint = result.exitCode === 1 && result.stdout.length === 0 && result.stderr.length > 0
  if (silent !== undefined || complaint) sayUnknown(images, say, silent ?? (noAnswer(result) as string))
  if (!options.root) sayUnknown(images, say, "lsof shows other users' processes only to root: run as root")
  const found = parseLsof(result.stdout).flatMap((open) =>
    wanted.filter(({ file, path }) => isOpen(open, file, path)).map(({ image, file }) => ({ image, file, open })),
  )
  if (found.length === 0) return
  const excluded = await excludedPids(system, options.excludePids)
  const none = new Map<number, string>()
  for (const { image, file, open } of found) {
    if (excluded.has(open.pid)) continue
    const program = printable(open.program as RawPath)
    const users = open.uid === undefined || open.user === undefined ? none : new Map([[open.uid, open.user]])
    const members = new Set([printable(file.name)])
    say(image, holderClue({ pid: open.pid, program, uid: open.uid, members }, users))
  }
}

const notText =
  'its name is not UTF-8, so lsof cannot be asked who has it open: rename it, or back it up with copy-and-prove'

const isOpen = (open: OpenFile, file: KeyFile, path: string): boolean =>
  open.inode === undefined || open.device === undefined
    ? toBytes(open.name).toString('utf8') === path
    : open.inode === file.inode && open.device === file.device

async function excludedPids(system: System, pids: readonly number[]): Promise<Set<number>> {
  if (pids.length === 0) return new Set()
  const result = await system.tool('ps', ['-axo', 'pid=,ppid='])
  return withDescendants(noAnswer(result) === undefined ? parsePs(fromBytes(result.stdout)) : [], pids)
}
