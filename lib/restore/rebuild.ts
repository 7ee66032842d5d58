import { folderRow } from '../image/member-align.js'
import { memberName, memberType, nameIn, partLength, type MemberPart } from '../image/member-table.js'
import { completeFileIn } from '../system/complete-file.js'
import { dressFileIn, dressFolder } from '../system/dress.js'
import { makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder, look, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { pieceBytes, readFileThrough } from '../system/read-file.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { demandOurs, holdBuild, removeOthers } from './build-place.js'
import { expectedBytes, type Expected } from './expected.js'
import type { MemberPlan } from './member-plan.js'

/** A restoration under way. */
export interface Restoring {
  /** The copy's image. */
  readonly from: RawPath
  readonly plan: MemberPlan
  /** Printable names of members whose bytes are not those that the manifest names. */
  readonly wrong: string[]
  readonly progress: (bytes: number) => void
  checked: number
  resumed: number
}

/** Build a sparse image as `name` in the folder. Throws OperationalError. */
export function rebuildFile(restoring: Restoring, folder: Folder, name: RawPath): void {
  withFolder(parent(restoring.from), (from) => {
    const copy = look(from, baseName(restoring.from))
    if (copy !== undefined) demandOurs(folder, name, copy)
    if (restoring.plan.wanted[0] === 1) rebuildMember(restoring, from, baseName(restoring.from), folder, name, 0)
  })
}

/** Build a bundle as `name` in the folder, with owners, modes and times of the copy's. Throws OperationalError. */
export function rebuildBundle(restoring: Restoring, folder: Folder, name: RawPath): void {
  const { plan } = restoring
  withFolder(restoring.from, (original) => {
    const resuming = look(folder, name) !== undefined
    const bundle = holdBuild(folder, name, original.stats)
    try {
      for (const part of plan.table.parts) {
        if (!isWanted(plan, part)) continue
        const from = part.part === '' ? original : openFolderIn(original, part.part as RawPath)
        const into = part.part === '' ? bundle : makeOrOpenFolderIn(bundle, part.part as RawPath)
        try {
          if (resuming) removeOthers(into, wantedIn(plan, part))
          rebuildPart(restoring, part, from, into)
          if (part.part !== '') dressFolder(into, from.stats)
        } finally {
          if (part.part !== '') [from, into].forEach(closeFolder)
        }
      }
      dressFolder(bundle, original.stats)
    } finally {
      closeFolder(bundle)
    }
  })
}

/** A folder of a bundle that its manifest does not know is left out with all that is in it. */
function isWanted({ table, wanted }: MemberPlan, { part }: MemberPart): boolean {
  const row = folderRow(table, part)
  return part === '' || (row >= 0 && wanted[row] === 1)
}

function wantedIn({ wanted }: MemberPlan, part: MemberPart): Set<string> {
  const names = new Set<string>()
  for (let at = 0; at < partLength(part); at += 1) if (wanted[part.start + at] === 1) names.add(nameIn(part, at))
  return names
}

function rebuildPart(restoring: Restoring, part: MemberPart, from: Folder, into: Folder): void {
  const { table, wanted } = restoring.plan
  for (let at = 0; at < partLength(part); at += 1) {
    const row = part.start + at
    if (wanted[row] !== 1 || memberType(table, row) !== 'file') continue
    rebuildMember(restoring, from, nameIn(part, at), into, nameIn(part, at), row)
  }
}

function rebuildMember(
  restoring: Restoring,
  from: Folder,
  name: RawPath,
  into: Folder,
  newName: RawPath,
  row: number,
): void {
  const { manifest, rows, table } = restoring.plan
  const at = rows[row] as number
  const expected = manifest !== undefined && at >= 0 ? expectedBytes(manifest, at) : undefined
  const copy = look(from, name)
  if (expected?.whole === true && copy !== undefined && isThere(into, newName, copy, expected)) {
    // The kill may have come between its last byte and its owner.
    dressFileIn(into, newName, copy)
    restoring.resumed += 1
    restoring.checked += 1
    return restoring.progress(table.size[row] as number)
  }
  const check = expected?.check()
  let bytes = 0
  const kept = completeFileIn(from, name, into, newName, (piece) => {
    check?.add(piece)
    bytes += piece.length
    restoring.progress(piece.length)
  })
  if (kept > 0 && kept === bytes) restoring.resumed += 1
  if (expected?.whole === true) restoring.checked += 1
  if (check?.isRight() === false) restoring.wrong.push(printable(memberName(table, row)))
}

/** From an attempt that was interrupted; the last file of it may be a part. */
function isThere(folder: Folder, name: RawPath, { size, uid }: Folder['stats'], expected: Expected): boolean {
  const stats = look(folder, name)
  if (stats?.isFile() !== true || stats.size !== size || stats.nlink !== 1) return false
  if (![process.getuid?.(), uid].includes(stats.uid)) return false
  const check = expected.check()
  readFileThrough(folder, name, Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, size))), (piece) =>
    check.add(piece),
  )
  return check.isRight()
}
