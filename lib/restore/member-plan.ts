import { align } from '../image/member-align.js'
import { memberName, memberType, type MemberTable } from '../image/member-table.js'
import type { Manifest } from '../manifest/manifest-type.js'
import { printable } from '../text/printable.js'
import { expectedBytes } from './expected.js'

/** What is to become of each member of a copy. */
export interface MemberPlan {
  readonly table: MemberTable
  readonly manifest: Manifest | undefined
  /** For each row of the table that of the manifest, or -1. */
  readonly rows: Int32Array
  /** 1: a file that is restored, or a folder in which such files lie. */
  readonly wanted: Uint8Array
  /** Bytes of the files that are restored. */
  readonly bytes: number
  /** Printable names: members that no row of the manifest knows. */
  readonly leftOut: readonly string[]
  /** Files that the manifest has without a digest. */
  readonly uncompared: readonly string[]
  /** Members of the manifest that the copy has no more. */
  readonly missing: readonly string[]
  /** Members that are no longer of the type (file, folder, link) that the manifest says. */
  readonly replaced: readonly string[]
  /** Links, folders and special files, which no image has and which are never restored. */
  readonly skipped: readonly string[]
}

/** Given the members of a copy and its manifest, say what is to become of each. Without a manifest every file is restored. */
export function planMembers(table: MemberTable, manifest: Manifest | undefined): MemberPlan {
  const rows = manifest === undefined ? new Int32Array(table.length).fill(-1) : align(table, manifest.copy)
  const wanted = new Uint8Array(table.length)
  const names = { leftOut: [], uncompared: [], replaced: [], skipped: [] } as Record<Unusual, string[]>
  const parts = new Set<string>(table.parts.map(({ part }) => part))
  let bytes = 0
  for (let row = 0; row < table.length; row += 1) {
    const told = unusual(table, row, manifest, rows[row] as number, parts)
    if (told !== undefined) names[told].push(printable(memberName(table, row)))
    if (told !== undefined && told !== 'uncompared') continue
    wanted[row] = 1
    if (memberType(table, row) === 'file') bytes += table.size[row] as number
  }
  return { table, manifest, rows, wanted, bytes, ...names, missing: missingIn(manifest, table) }
}

type Unusual = 'leftOut' | 'uncompared' | 'replaced' | 'skipped'

function unusual(
  table: MemberTable,
  row: number,
  manifest: Manifest | undefined,
  at: number,
  parts: ReadonlySet<string>,
): Unusual | undefined {
  const type = memberType(table, row)
  if (manifest !== undefined) {
    if (at < 0) return 'leftOut'
    if (memberType(manifest.copy, at) !== type) return 'replaced'
    if (type === 'file') return expectedBytes(manifest, at)?.whole === true ? undefined : 'uncompared'
  }
  if (type === 'file') return undefined
  return type === 'folder' && parts.has(memberName(table, row)) ? undefined : 'skipped'
}

function missingIn(manifest: Manifest | undefined, table: MemberTable): string[] {
  if (manifest === undefined) return []
  const rows = align(manifest.copy, table)
  return [...rows.keys()]
    .filter((row) => (rows[row] as number) < 0)
    .map((row) => printable(memberName(manifest.copy, row)))
}
