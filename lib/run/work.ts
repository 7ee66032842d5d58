import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { Structure } from '../image/structure-type.js'
import { inWorker } from '../system/worker.js'
import type { LookOrder } from './tasks.js'

const table = new URL('./tasks.js', import.meta.url)

/** Given where to search, search in a worker thread, and look at each image found for the first time. */
export const search = (
  options: SearchOptions,
  timeoutSeconds: number,
): Promise<{ discovery: Discovery; looks: Structure[] }> => inWorker(table, 'search', options, { timeoutSeconds })

/** Given images, look at the structure of each in a worker thread; one answer per image, in order. */
export const look = (orders: readonly LookOrder[], timeoutSeconds: number): Promise<Structure[]> =>
  orders.length === 0 ? Promise.resolve([]) : inWorker(table, 'look', orders, { timeoutSeconds })
