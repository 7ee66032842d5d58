import { OperationalError } from '../finding/operational-error.js'
import { memberTypes, nameIn, partLength, type MemberPart, type MemberTable } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { dressFolder } from '../system/dress.js'
import { linkAll, lookAtAll, type Stats } from '../system/folder-looks.js'
import { makeFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolderIn, type Folder } from '../system/folder.js'
import { join, type RawPath } from '../text/raw-path.js'
import { checkBehind } from './check-behind.js'
import { isExpected, type Expected } from './check-tasks.js'
import { copyChanged } from './copy-changed.js'
import { take, type Taking } from './take-member.js'

interface TakingVouched extends Taking {
  /** Relative names of members that are not taken. */
  readonly skipped: ReadonlySet<RawPath>
}

/** Fewer are checked sooner than a thread starts. */
const many = 20_000
const file = memberTypes.indexOf('file')
const folderType = memberTypes.indexOf('folder')

/**
 * Given a bundle and its manifest, take the members that it names, and no others, into a folder of ours. Each is demanded
 * to be the file that it was once it has a name there: a user may swap names in the bundle, but not in a folder of ours.
 * `undressed` names folders whose times others see to. Throws OperationalError, `copy-changed` for what is not as it was.
 */
export function takeVouched(
  taking: TakingVouched,
  { copy }: Manifest,
  from: Folder,
  to: Folder,
  undressed: (folder: RawPath) => boolean,
): void {
  for (const part of copy.parts) {
    if (part.part === '') {
      takePart(taking, copy, part, from, to)
      continue
    }
    const name = part.part as RawPath
    inNewFolder(from, name, to, (original, made) => {
      takePart(taking, copy, part, original, made)
      if (!undressed(name)) dressFolder(made, original.stats)
    })
  }
}

/** As `takeVouched`, of a sparse image, which may get another name. */
export function takeVouchedFile(
  taking: Taking,
  { copy }: Manifest,
  from: Folder,
  name: RawPath,
  to: Folder,
  newName: RawPath,
): void {
  orChanged(from, name, 'isFile', () => {
    take(taking, from, name, to, newName)
  })
  if (!isSame(copy, 0, look(to, newName), taking.clone)) throw changed(from, name)
}

function takePart(taking: TakingVouched, copy: MemberTable, part: MemberPart, from: Folder, to: Folder): void {
  let at = 0
  const rowsOf = function* (type: number, first = 0): Generator<RawPath, undefined> {
    for (at = first; at < partLength(part); at += 1) {
      if (copy.type[part.start + at] !== type) continue
      const name = nameIn(part, at)
      if (!isSkipped(taking, part, name)) yield name
    }
  }
  const demand = (name: RawPath, stats: Stats | undefined): void => {
    if (!isSame(copy, part.start + at, stats, taking.clone)) throw changed(from, name)
  }
  const cloning = taking.clone
  for (const name of cloning ? rowsOf(file) : []) {
    orChanged(from, name, 'isFile', () => {
      take(taking, from, name, to, name)
    })
    demand(name, look(to, name))
    if (!taking.clone) break
  }
  const first = cloning ? at + 1 : 0
  const failed = (name: RawPath, error: unknown): unknown => changedInstead(from, name, 'isFile', error)
  const behind = partLength(part) - first >= many && part.names.others.length === 0 ? checkBehind(to) : undefined
  let checked: boolean
  try {
    linkAll(from, rowsOf(file, first), to, failed, () => {
      behind?.add(part.names.indexes[at] as number, expected(copy, part.start + at))
    })
  } finally {
    // Whatever became of the links: the folder is let go of after this, and the thread must be done with it.
    checked = behind?.finish() === true
  }
  if (!checked) lookAtAll(to, rowsOf(file, first), demand)
  for (const name of rowsOf(folderType)) {
    // The two that hold members have a part of their own.
    if (part.part === '' && copy.parts.some((one) => one.part === name)) continue
    inNewFolder(from, name, to, (original, made) => {
      dressFolder(made, original.stats)
    })
  }
}

const isSkipped = ({ skipped }: TakingVouched, { part }: MemberPart, name: RawPath): boolean =>
  skipped.size > 0 && skipped.has(part === '' ? name : join(part as RawPath, name))

const isSame = (copy: MemberTable, row: number, stats: Stats | undefined, cloned: boolean): boolean =>
  stats !== undefined && isExpected(stats, expected(copy, row), cloned)

const expected = ({ inode, size, modified }: MemberTable, row: number): Expected => ({
  inode: inode[row] as number,
  size: size[row] as number,
  modified: modified[row] as number,
})

function inNewFolder(from: Folder, name: RawPath, to: Folder, use: (original: Folder, made: Folder) => void): void {
  const original = orChanged(from, name, 'isDirectory', () => openFolderIn(from, name))
  try {
    const made = makeFolderIn(to, name)
    try {
      use(original, made)
    } finally {
      closeFolder(made)
    }
  } finally {
    closeFolder(original)
  }
}

function orChanged<Result>(from: Folder, name: RawPath, type: 'isFile' | 'isDirectory', action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw changedInstead(from, name, type, error)
  }
}

/** What cannot be taken because something else stands there now, or nothing. */
function changedInstead(from: Folder, name: RawPath, type: 'isFile' | 'isDirectory', error: unknown): unknown {
  return error instanceof OperationalError && look(from, name)?.[type]() !== true ? changed(from, name) : error
}

const changed = (from: Folder, name: RawPath): OperationalError =>
  copyChanged(join(from.path, name), 'is not what it was when the copy was checked')
