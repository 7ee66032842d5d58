import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { Structure } from '../image/structure-type.js'
import { tasks, type CloseLook, type LookOrder } from './tasks.js'

/** The two long jobs of a run: searching, and looking at many images. */
export interface Work {
  /** Searches, and looks at each image found for the first time. */
  search(options: SearchOptions): Promise<{ discovery: Discovery; looks: readonly Structure[] }>
  /** One answer per order, in order. */
  look(orders: readonly LookOrder[]): Promise<readonly Structure[]>
}

/** A search for somebody who wants to know all of what is found. */
export interface CloseWork {
  searchClosely(options: SearchOptions): Promise<{ discovery: Discovery; looks: readonly CloseLook[] }>
}

/**
 * The jobs in the thread that asks, which does nothing else meanwhile. A hook has nothing else to do, and starting a
 * thread costs as much processor time as starting Node; what hangs in the kernel is ended by the launcher.
 */
export const workHere: Work = {
  search: (options) => Promise.resolve().then(() => tasks.search(options)),
  look: (orders) => Promise.resolve().then(() => tasks.look(orders)),
}
