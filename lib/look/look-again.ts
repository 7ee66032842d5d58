import { OperationalError } from '../finding/operational-error.js'
import type { MemberFacts } from '../image/fingerprint.js'
import { nameIn, partLength, type MemberPart, type MemberTable } from '../image/member-table.js'
import { lookAtAll } from '../system/folder-looks.js'
import { withFolder } from '../system/folder.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { facts } from './members.js'

/**
 * Given an image's path and a table of the members it had, look at those rows that are `wanted` and hand what stands
 * under their names now to `use`, times in milliseconds since 1970. Rows of which nothing is there, or can be looked at,
 * are passed over; a second table, which a million members would make large, is not needed.
 */
export function lookAgain(
  path: RawPath,
  table: MemberTable,
  wanted: (row: number) => boolean,
  use: (row: number, now: MemberFacts) => void,
): void {
  const isImage = table.container === 'sparse-image'
  for (const part of table.parts) {
    const name = isImage ? (): RawPath => baseName(path) : (at: number): RawPath => nameIn(part, at)
    try {
      withFolder(isImage ? parent(path) : join(path, part.part), (folder) => {
        const rows = wantedRows(part, wanted, name)
        lookAtAll(folder, rows.names(), (_name, stats) => {
          if (stats !== undefined) use(rows.row(), facts(stats))
        })
      })
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
    }
  }
}

/** Names as they are asked for, and the row of the one that was given last. */
function wantedRows(part: MemberPart, wanted: (row: number) => boolean, name: (at: number) => RawPath) {
  let row = -1
  return {
    *names(): Generator<RawPath> {
      for (let at = 0; at < partLength(part); at += 1) {
        row = part.start + at
        if (wanted(row)) yield name(at)
      }
    },
    row: (): number => row,
  }
}
