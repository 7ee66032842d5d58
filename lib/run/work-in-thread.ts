import { inWorker } from '../system/worker.js'
import type { CloseWork, Work } from './work.js'

/** Given a limit on each job, return the jobs in a thread of their own: the asking one can show progress meanwhile. */
export function workInThread(timeoutSeconds: number): Work & CloseWork {
  const table = new URL('./tasks.js', import.meta.url)
  return {
    search: (options) => inWorker(table, 'search', options, { timeoutSeconds, what: 'the search for images' }),
    searchClosely: (options) =>
      inWorker(table, 'searchClosely', options, { timeoutSeconds, what: 'the look at the image' }),
    look: (orders) => inWorker(table, 'look', orders, { timeoutSeconds, what: 'the look at the images' }),
  }
}
