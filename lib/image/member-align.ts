import { partLength, type MemberPart, type MemberTable } from './member-table.js'

/**
 * Given two tables, return for each row of the first the row of the second that has the same name, or -1. Two sparse
 * images are each their one row: a copy need not have the name of its image, where the source is one file.
 */
export function align(of: MemberTable, to: MemberTable): Int32Array {
  const rows = new Int32Array(of.length).fill(-1)
  if (of.container === 'sparse-image' || to.container === 'sparse-image') {
    if (of.container === to.container && of.length === 1 && to.length === 1) rows[0] = 0
    return rows
  }
  for (const part of of.parts) {
    const other = to.parts.find((one) => one.part === part.part)
    if (other !== undefined) alignPart(part, other, rows)
  }
  return rows
}

/** Both in a fingerprint's order: numbers ascending, then other names by their bytes. */
function alignPart(part: MemberPart, other: MemberPart, rows: Int32Array): void {
  const [mine, theirs] = [part.names, other.names]
  let there = 0
  for (let here = 0; here < mine.indexes.length; here += 1) {
    const index = mine.indexes[here] as number
    while (there < theirs.indexes.length && (theirs.indexes[there] as number) < index) there += 1
    if (theirs.indexes[there] === index) rows[part.start + here] = other.start + there
  }
  const places = new Map(theirs.others.map((name, at) => [name, other.start + theirs.indexes.length + at]))
  mine.others.forEach((name, at) => {
    rows[part.start + mine.indexes.length + at] = places.get(name) ?? -1
  })
}

/** Given a table and the name of one of its folders (`bands`, `mapped`), return that folder's row in the bundle, or -1. */
export function folderRow({ parts }: MemberTable, folder: string): number {
  const own = parts.find(({ part }) => part === '')
  if (own === undefined || partLength(own) === 0) return -1
  const at = (own.names.others as readonly string[]).indexOf(folder)
  return at < 0 ? -1 : own.start + at
}
