import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker, type ResourceLimits } from 'node:worker_threads'
import type { WorkerOrder } from './worker-order.js'

// The only place that knows of TypeScript at run time. A worker does not take part in the loader of its parent: started
// from sources, it must register tsx itself before it can import anything of ours.
const fromSources = import.meta.url.endsWith('.ts')

/** Given an order and limits on the thread's memory, start the thread that carries it out. */
export function startWorker(order: WorkerOrder, resourceLimits: ResourceLimits): Worker {
  // Nothing of the parent's command line (a loader, an inspector) is for the thread.
  const options = { workerData: order, resourceLimits, execArgv: [], argv: [] }
  if (!fromSources) return new Worker(new URL('./worker-entry.js', import.meta.url), options)
  // Mocha under tsx loads this file as CommonJS, without import.meta.resolve; of the two faces of tsx only the ES module
  // can register in a thread.
  const tsx = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs'),
  ).href
  const entry = new URL('./worker-entry.ts', import.meta.url).href
  const start = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(start, { ...options, eval: true })
}
