import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { withFileIn } from '../system/folder-looks.js'
import { withFolder } from '../system/folder.js'
import { pieceBytes } from '../system/hash-file.js'
import { baseName, parent } from '../text/raw-path.js'
import type { ProveRequest } from './proof-type.js'

const most = 20

/** Given two sparse images of the same length, return which pieces of 8 MiB differ, at most twenty of them. */
export function differingPieces({ source, copy, deadline }: ProveRequest): number[] | undefined {
  try {
    return withFolder(parent(source), (here) =>
      withFolder(parent(copy), (there) =>
        withFileIn(here, baseName(source), (mine) =>
          withFileIn(there, baseName(copy), (theirs) => {
            const found: number[] = []
            for (let at = 0; at < mine.stats.size && found.length < most && Date.now() <= deadline; at += pieceBytes) {
              const [one, other] = [mine.read(at, pieceBytes), theirs.read(at, pieceBytes)]
              if (Buffer.compare(one, other) !== 0) found.push(at / pieceBytes)
            }
            return found
          }),
        ),
      ),
    )
  } catch (error) {
    // The pieces are only told; that the copy is wrong is known.
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
