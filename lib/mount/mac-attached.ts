import { realPath } from '../system/file.js'
import { identityOf } from '../system/kernel-file.js'
import type { System } from '../system/system.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { baseName, fromBytes, toBytes, type RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import type { AttachedImage } from './hdiutil.js'
import { askHdiutil, type HdiutilAnswer } from './hdiutil-answer.js'
import type { Watched } from './members.js'
import { sayUnknown, type Say } from './say.js'
import { noAnswer } from '../system/tool-answer.js'
import { parseUserList, userName } from './user-names.js'

/** What lies at the paths that hdiutil names, on the machine that was asked. */
export interface FileFacts {
  /** A word where nothing can be told of it. */
  identityOf(path: RawPath): { readonly device: number; readonly inode: number } | string
  realPath(path: RawPath): RawPath | undefined
}

const filesHere: FileFacts = { identityOf, realPath: tryRealPath }

/** Given images, say of each what one `hdiutil info -plist` tells: attached on this Mac, by whom, mounted where. */
export async function sayAttached(
  system: System,
  images: readonly Watched[],
  say: Say,
  known?: HdiutilAnswer,
  files: FileFacts = filesHere,
): Promise<void> {
  const { attached, problem } = known ?? (await askHdiutil(system))
  if (problem !== undefined) {
    sayUnknown(images, say, problem)
    return
  }
  let names: ReadonlyMap<number, string> | undefined
  for (const entry of attached) {
    for (const { subject } of images) {
      const match = matches(entry, subject, files)
      if (match === 'other') continue
      names ??= await userNames(system)
      say(subject.path, match === 'same' ? attachedClue(entry, names) : lostClue(entry))
    }
  }
  const evidence = `hdiutil names ${count(attached.length, 'attached image')}`
  for (const { subject } of images) say(subject.path, { says: 'note', evidence })
}

/** Names differ in case and in Unicode form between HFS+, APFS and hdiutil; device and inode do not. */
const plain = (path: RawPath): string => toBytes(baseName(path)).toString('utf8').normalize('NFC').toLowerCase()

/** `lost`: an image of this name is attached from a path where nothing is any more, as after a FileVault login. */
function matches(entry: AttachedImage, subject: Watched['subject'], files: FileFacts): 'same' | 'lost' | 'other' {
  if (entry.imagePath === subject.path) return 'same'
  // Only images of the same name are looked at: a path on a dead server would hold us up for ever.
  if (plain(entry.imagePath) !== plain(subject.path) || !entry.imagePath.startsWith('/')) return 'other'
  const file = files.identityOf(entry.imagePath)
  if (typeof file === 'string') return 'lost'
  if (file.device === subject.device && file.inode === subject.inode) return 'same'
  const real = files.realPath(entry.imagePath)
  return real !== undefined && real === files.realPath(subject.path) ? 'same' : 'other'
}

function tryRealPath(path: RawPath): RawPath | undefined {
  try {
    return realPath(path)
  } catch {
    return undefined
  }
}

function attachedClue(entry: AttachedImage, names: ReadonlyMap<number, string>): Clue {
  const device = entry.devices[0]
  const holder = entry.holderPid === undefined ? '' : `, held by process ${String(entry.holderPid)}`
  const how = entry.writeable === false ? ', read-only' : ''
  return {
    says: 'attached',
    evidence: `hdiutil says it is attached${device === undefined ? '' : ` as ${printable(device as RawPath)}`}${how}${holder}`,
    usedBy: entry.ownerUid === undefined ? [] : [userName(names, entry.ownerUid)],
    mountPoints: entry.mountPoints,
  }
}

const lostClue = (entry: AttachedImage): Clue => ({
  says: 'unknown',
  evidence:
    `hdiutil says an image of this name is attached from ${printable(entry.imagePath)}, where nothing is any more; ` +
    'it may be this one, moved since: log its user out, or run again',
})

async function userNames(system: System): Promise<ReadonlyMap<number, string>> {
  const result = await system.tool('dscl', ['.', '-list', '/Users', 'UniqueID'], { maxOutputBytes: 8 * 1024 * 1024 })
  return parseUserList(noAnswer(result) === undefined ? fromBytes(result.stdout) : '')
}
