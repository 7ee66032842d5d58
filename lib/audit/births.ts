import { OperationalError } from '../finding/operational-error.js'
import { memberType, nameIn, partLength, type MemberPart, type MemberTable } from '../image/member-table.js'
import { lookAtAll } from '../system/folder-looks.js'
import { withFolder } from '../system/folder.js'
import { join, parent, type RawPath } from '../text/raw-path.js'

/**
 * Given a copy, its members and which of its files are known already (row of the newer copy, else -1), fill in when each
 * of the others was made, microseconds since 1970; 0 where the file system does not tell, or the file is gone.
 */
export function fillBirths(copy: RawPath, members: MemberTable, known: Int32Array, born: Float64Array): void {
  for (const part of members.parts) {
    const rows: number[] = []
    for (let at = 0; at < partLength(part); at += 1) {
      const row = part.start + at
      if (known[row] === -1 && memberType(members, row) === 'file') rows.push(at)
    }
    if (rows.length === 0) continue
    let next = 0
    quietly(() => {
      withFolder(members.container === 'sparse-image' ? parent(copy) : join(copy, part.part), (folder) => {
        lookAtAll(folder, namesOf(part, rows), (_name, stats) => {
          const row = part.start + (rows[next++] as number)
          // Of another file than the one in the table, the birth would be told of a stranger.
          if (stats?.ino === members.inode[row]) born[row] = Math.max(0, Math.floor((stats?.birthtimeMs ?? 0) * 1000))
        })
      })
    })
  }
}

function* namesOf(part: MemberPart, rows: readonly number[]): Generator<RawPath> {
  for (const at of rows) yield nameIn(part, at)
}

function quietly(look: () => void): void {
  try {
    look()
  } catch (error) {
    // What cannot be listed any more is told elsewhere; without births less is suspected.
    if (!(error instanceof OperationalError)) throw error
  }
}
