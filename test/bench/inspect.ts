import type * as bandListModule from '../../lib/look/band-list.js'
import type * as tasksModule from '../../lib/run/tasks.js'
import { fromText } from '../../lib/text/raw-path.js'
import { inFolder, largeBundle } from './large.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

const bands = 131_072

/** What inspect looks at in a bundle of 131,072 bands, both times, against `find -printf` over it. */
export function benchInspect(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const { tasks } = await built<typeof tasksModule>('lib/run/tasks.js')
    const { changedSince } = await built<typeof bandListModule>('lib/look/band-list.js')
    const path = largeBundle(folder, bands, 0)
    const roots = [fromText(path)]
    const depths = { maxDepth: 1, maxEntries: 1000, crossDevices: true }
    const subject = (): number =>
      milliseconds(() => {
        const { discovery, looks } = tasks.searchClosely({
          ...depths,
          roots,
          never: [],
          everyFile: false,
          knownPaths: [],
        })
        const [image, look] = [discovery.images[0], looks[0]]
        if (image === undefined || look?.list.indexes.length !== bands) throw new Error('not all bands were seen')
        if (changedSince(image, look.list)) throw new Error('something changed')
      })
    const reference = (): number => programMilliseconds('find', [path, '-printf', '%s %i %T@\n'])
    const work = 'inspect 131,072 bands'
    return [await compare({ work, limit: 2, against: 'find -printf', subject, reference })]
  })
}
