import { bandIndex, bandName } from '../image/band-names.js'
import { newestBands, type BandList } from '../image/band-list.js'
import type { Image } from '../image/image.js'
import { lookAtAll, type Stats } from '../system/folder-looks.js'
import { closeFolder, openFolderIn, withFolder } from '../system/folder.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'

/** Hears of each member that is looked at. */
export type See = (folder: '' | 'mapped' | 'bands', name: RawPath, stats: Stats) => void

const blockBytes = 512

/** Return what hears of the members of one image, in the order of a look, and makes a list of its bands. */
export function bandCollector(): { see: See; list: () => BandList } {
  const columns = [0, 0, 0, 0].map(() => new Float64Array(1024))
  const heads = new Map<string, string>()
  let [length, allocated] = [0, 0]
  return {
    see(folder, name, stats) {
      allocated += stats.blocks * blockBytes
      if (folder === '') heads.set(name, traits(stats))
      const index = folder === 'bands' && stats.isFile() ? bandIndex(name) : undefined
      if (index === undefined || index === Infinity) return
      const row = [index, stats.size, stats.mtimeMs, stats.ctimeMs]
      row.forEach((value, column) => {
        let values = columns[column] as Float64Array
        if (length === values.length) {
          const grown = new Float64Array(length * 2)
          grown.set(values)
          columns[column] = values = grown
        }
        values[length] = value
      })
      length += 1
    },
    list() {
      const [indexes, sizes, modified, changed] = columns.map((values) => values.slice(0, length)) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ]
      return { indexes, sizes, modified, changed, allocated, heads }
    },
  }
}

const mostLooked = 2000

/**
 * Given an image and what was seen of it, look again at the members of its own folder, which tell of bands that come and
 * go, and at the 2,000 bands that were changed last; tell whether any is another now. Throws OperationalError.
 */
export function changedSince({ path, container }: Pick<Image, 'path' | 'container'>, before: BandList): boolean {
  let changed = false
  const compare = (name: RawPath, stats: Stats | undefined): void => {
    if (stats === undefined || traits(stats) !== before.heads.get(name)) changed = true
  }
  const heads = [...before.heads.keys()] as RawPath[]
  withFolder(parent(path), (folder) => {
    if (container === 'sparse-image') return lookAtAll(folder, heads, compare)
    const bundle = openFolderIn(folder, baseName(path))
    try {
      lookAtAll(bundle, heads, compare)
      if (before.indexes.length === 0) return
      const bands = openFolderIn(bundle, 'bands' as RawPath)
      try {
        const places = newestBands(before, mostLooked)
        let next = 0
        lookAtAll(
          bands,
          places.map((at) => bandName(before.indexes[at] as number)),
          (_name, stats) => {
            const at = places[next++] as number
            const same =
              stats?.size === before.sizes[at] &&
              stats?.mtimeMs === before.modified[at] &&
              stats?.ctimeMs === before.changed[at]
            if (!same) changed = true
          },
        )
      } finally {
        closeFolder(bands)
      }
    } finally {
      closeFolder(bundle)
    }
  })
  return changed
}

const traits = ({ size, ino, mtimeMs, ctimeMs }: Stats): string => [size, ino, mtimeMs, ctimeMs].map(String).join(' ')
