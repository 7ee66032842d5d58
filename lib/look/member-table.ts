import { byBytes, inBandOrder, type BandNames } from '../image/band-order.js'
import type { Image } from '../image/image.js'
import { memberTypes, type MemberPart, type MemberTable, type MemberType, type Part } from '../image/member-table.js'
import { isTrouble } from '../system/file-system-error.js'
import { lookAtAll } from '../system/folder-looks.js'
import { closeFolder, names, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { bandNames, facts } from './members.js'

const none: BandNames = { indexes: new Float64Array(0), others: [] }
const numberOf = Object.fromEntries(memberTypes.map((type, at) => [type, at])) as Record<MemberType, number>

/**
 * Given an image's or a copy's path, look at all its members, following no link, and return them as a table. Throws
 * OperationalError where the image itself is missing or cannot be listed. Blocks: some microseconds for each member.
 */
export function memberTable({ path, container }: Pick<Image, 'path' | 'container'>): MemberTable {
  return withFolder(parent(path), (folder) => {
    const name = baseName(path)
    if (container === 'sparse-image') return tableOf(container, [[folder, '', { ...none, others: [name] }]])
    const bundle = openFolderIn(folder, name)
    const opened: Folder[] = [bundle]
    try {
      const sources: [Folder, Part, BandNames][] = [[bundle, '', { ...none, others: byBytes(names(bundle)) }]]
      for (const part of ['mapped', 'bands'] as const) {
        const inner = folderIn(bundle, part)
        if (inner === undefined) continue
        opened.push(inner)
        sources.push([inner, part, bandNames(inner)])
      }
      return tableOf(container, sources)
    } finally {
      opened.forEach(closeFolder)
    }
  })
}

/** Undefined where no folder of that name stands; the row of the bundle's own folder tells what stands there instead. */
function folderIn(bundle: Folder, part: Part): Folder | undefined {
  try {
    return openFolderIn(bundle, part as RawPath)
  } catch (error) {
    if (isTrouble(error)) throw error
    return undefined
  }
}

function tableOf(container: Image['container'], sources: readonly (readonly [Folder, Part, BandNames])[]): MemberTable {
  const parts: MemberPart[] = []
  let length = 0
  for (const [, part, bandsOf] of sources) {
    parts.push({ part, names: bandsOf, start: length })
    length += bandsOf.indexes.length + bandsOf.others.length
  }
  const type = new Uint8Array(length)
  const [size, modified, changed, inode] = [0, 0, 0, 0].map(() => new Float64Array(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let at = 0
  let because: string | undefined
  for (const [folder, , bandsOf] of sources) {
    lookAtAll(folder, inBandOrder(bandsOf), (_name, stats, error) => {
      if (stats === undefined) {
        type[at] = numberOf[error === undefined ? 'gone' : 'unseen']
        because ??= error?.message
      } else {
        const seen = facts(stats)
        type[at] = numberOf[seen.type]
        size[at] = seen.size
        // Milliseconds as doubles are exact to a quarter of a microsecond.
        modified[at] = Math.floor(seen.modified * 1000)
        changed[at] = Math.floor(seen.changed * 1000)
        inode[at] = seen.inode
      }
      at += 1
    })
  }
  return {
    container,
    parts,
    length,
    type,
    size,
    modified,
    changed,
    inode,
    ...(because === undefined ? {} : { because }),
  }
}
