import { Buffer } from 'node:buffer'
import { fileType } from './columns.js'
import type { Manifest } from './manifest-type.js'
import { mostPieces, pieceBytes, pieceCount } from './pieces.js'
import { integer, sha256, skip, type Line } from './scan.js'

/**
 * A reader of what `fingerprintText` writes of pieces, into the manifest: `head` reads what the head says of them and
 * leaves a head without as it is, `line` one digest; both return false for what is not as it should be, and `finish`
 * where lines are missing, or the row speaks of equal pieces and the head does not.
 */
export function pieceReader({ copy, source, pieces }: Manifest) {
  const isInPieces = copy.container === 'sparse-image' && copy.length === 1 && copy.type[0] === fileType
  let expected = 0
  return {
    head(line: Line): boolean {
      if (!skip(line, `,"pieceBytes":${String(pieceBytes)},"pieces":`)) return true
      const count = integer(line)
      if (!isInPieces || count === undefined || !skip(line, ',"equal":')) return false
      const equal = integer(line)
      // The length is bounded before anything is made room for: it may be forged.
      if (count < 1 || count > Math.min(mostPieces, pieceCount(copy.size[0] as number))) return false
      if (equal === undefined || equal < 0 || equal > count) return false
      expected = count
      pieces.equal = equal
      pieces.digests = Buffer.alloc(count * 32)
      return true
    },
    line(line: Line): boolean {
      if (!skip(line, '"') || !sha256(line, pieces.digests.subarray(pieces.known * 32))) return false
      pieces.known += 1
      return skip(line, '"') && line.at === line.end
    },
    finish: (): boolean =>
      pieces.known === expected && (expected === 0 || pieces.equal > 0 === (source.usable[0] === 1)),
  }
}
