import { discover } from '../discover/discover.js'
import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { Container } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { BandList } from '../image/band-list.js'
import { bandCollector } from '../look/band-list.js'
import { lookAtStructure } from '../look/structure.js'
import type { RawPath } from '../text/raw-path.js'

export interface LookOrder {
  readonly path: RawPath
  readonly container: Container
  /** Something writes it: contradictions that writing explains are no errors. */
  readonly inUse: boolean
  /** A copy in a section: its members have many hard links by design. */
  readonly copy?: boolean
}

/** What a closer look tells of an image besides its structure. */
export interface CloseLook extends Structure {
  readonly list: BandList
}

/** The hot loops, run in a worker thread: data in, data out. */
export const tasks = {
  /** Searches, and looks at each image found for the first time. */
  search(options: SearchOptions): { discovery: Discovery; looks: Structure[] } {
    const discovery = discover(options)
    return { discovery, looks: discovery.images.map((image) => lookAtStructure(image, { inUse: false })) }
  },
  /** Searches, and looks at each image found for the first time, at each of its bands. */
  searchClosely(options: SearchOptions): { discovery: Discovery; looks: CloseLook[] } {
    const discovery = discover(options)
    const looks = discovery.images.map((image) => {
      const { see, list } = bandCollector()
      return { ...lookAtStructure(image, { inUse: false }, see), list: list() }
    })
    return { discovery, looks }
  },
  /** One answer per order, in order; what cannot be looked at says so in its findings. */
  look(orders: readonly LookOrder[]): Structure[] {
    return orders.map(({ path, container, inUse, copy }) => {
      return lookAtStructure({ path, container }, { inUse, linksAreNews: copy !== true })
    })
  },
}
