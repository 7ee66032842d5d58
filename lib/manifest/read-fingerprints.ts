import type { Manifest } from './manifest-type.js'
import { isListed } from './mtree-text.js'
import { pieceReader } from './read-pieces.js'
import { integer, skip, type Line } from './scan.js'

/**
 * A reader of what `fingerprintText` writes for that slot and manifest, which it fills: `line` returns false for the
 * first line that is not as it should be, `finish` where lines are missing.
 */
export function fingerprintReader(manifest: Manifest, slot: string) {
  const { copy, source } = manifest
  const pieces = pieceReader(manifest)
  let listed = 0
  for (let row = 0; row < copy.length; row += 1) if (isListed(manifest, row)) listed += 1
  const head = JSON.stringify({ schema: 'fingerprints/1', slot, rows: listed }).slice(0, -1)
  let row = -1
  let headRead = false
  const next = (): boolean => {
    do row += 1
    while (row < copy.length && !isListed(manifest, row))
    return row < copy.length
  }
  return {
    line(line: Line): boolean {
      if (!headRead) {
        headRead = true
        return skip(line, head) && pieces.head(line) && skip(line, '}') && line.at === line.end
      }
      if (!next()) return pieces.line(line)
      if (!skip(line, '[')) return false
      const inode = integer(line)
      if (inode === undefined || inode < 0) return false
      copy.inode[row] = inode
      if (skip(line, ']')) return line.at === line.end
      const size = field(line)
      const modified = field(line)
      const changed = field(line)
      const sourceInode = field(line)
      if (size !== copy.size[row] || modified === undefined || changed === undefined || sourceInode === undefined)
        return false
      source.usable[row] = 1
      source.modified[row] = modified
      source.changed[row] = changed
      source.inode[row] = sourceInode
      return skip(line, ']') && line.at === line.end
    },
    finish: (): boolean => headRead && !next() && pieces.finish(),
  }
}

const field = (line: Line): number | undefined => (skip(line, ',') ? integer(line) : undefined)
