import { parentPort, workerData } from 'node:worker_threads'
import { OperationalError } from '../finding/operational-error.js'
import type { WorkerAnswer, WorkerOrder } from './worker-order.js'

type Tasks = Readonly<Record<string, (data: unknown) => unknown>>

async function carryOut({ module, task, data }: WorkerOrder): Promise<WorkerAnswer> {
  try {
    const { tasks } = (await import(module)) as { tasks?: Tasks }
    if (tasks === undefined || !Object.hasOwn(tasks, task)) throw new Error(`${module} has no task ${task}`)
    return { result: await tasks[task]?.(data) }
  } catch (error) {
    if (error instanceof OperationalError) {
      const { code, message, cure } = error
      return { operational: { code, message, cure } }
    }
    return bug(error)
  }
}

function bug(error: unknown): WorkerAnswer {
  if (!(error instanceof Error)) return { bug: { message: String(error) } }
  return { bug: { message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) } }
}

const answer = await carryOut(workerData as WorkerOrder)
try {
  parentPort?.postMessage(answer)
} catch (error) {
  // A function, a socket or the like in the result.
  parentPort?.postMessage(bug(error))
}
