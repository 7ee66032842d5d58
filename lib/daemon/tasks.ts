import { discover } from '../discover/discover.js'
import type { Discovery, SearchOptions } from '../discover/discovery.js'

/** What a search found, and how long it took without the start of its thread. */
export interface Search {
  readonly discovery: Discovery
  readonly milliseconds: number
}

/** The search, run in a worker thread: the looks go on meanwhile. */
export const tasks = {
  find(options: SearchOptions): Search {
    const began = performance.now()
    const discovery = discover(options)
    return { discovery, milliseconds: performance.now() - began }
  },
}
