import { discover } from '../discover/discover.js'
import type { Discovery, SearchOptions } from '../discover/discovery.js'

/** The search, run in a worker thread: the looks go on meanwhile. */
export const tasks = {
  find: (options: SearchOptions): Discovery => discover(options),
}
