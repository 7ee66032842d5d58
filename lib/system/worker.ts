import { OperationalError } from '../finding/operational-error.js'
import { count } from '../text/measure.js'
import type { WorkerAnswer, WorkerOrder } from './worker-order.js'
import { startWorker } from './worker-start.js'

export interface WorkerOptions {
  /** The worker is ended when this is over. */
  readonly timeoutSeconds: number
  /** Ends the worker; the promise is rejected with its reason. */
  readonly signal?: AbortSignal
  /** More JavaScript memory than this (in MiB, 512 unless given) ends the worker. */
  readonly memoryMebibytes?: number
  /** What it does, for messages: "the search for images"; the task's name unless given. */
  readonly what?: string
}

/**
 * Given the URL of a module that exports `tasks` (an object of functions), the name of one and plain data, call it with
 * that data in a thread of its own and return what it returns. Functions cannot be posted, hence the table. Rejects
 * with the task's OperationalError (code, message, cure), with `worker-timeout` or `worker-memory`, with the signal's
 * reason, or with an Error for a bug. A thread that is stuck in the kernel (a dead network volume) is given up at once,
 * but keeps the process from ending by itself.
 */
export function inWorker<Result>(module: URL, task: string, data: unknown, options: WorkerOptions): Promise<Result> {
  const { signal, timeoutSeconds, memoryMebibytes = 512 } = options
  const what = options.what ?? `the task “${task}”`
  if (signal?.aborted === true) return Promise.reject(asError(signal.reason))
  const order: WorkerOrder = { module: module.href, task, data }
  const worker = startWorker(order, { maxOldGenerationSizeMb: memoryMebibytes, stackSizeMb: 4 })
  return new Promise<Result>((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(tookTooLong(what, timeoutSeconds))), timeoutSeconds * 1000)
    const stop = (): void => settle(() => reject(asError(signal?.reason)))
    const settle = (answer: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      worker.removeAllListeners()
      // What a dying thread still has to say concerns nobody; unheard, it would end the process.
      worker.on('error', () => undefined)
      worker.unref()
      void worker.terminate()
      answer()
    }
    signal?.addEventListener('abort', stop)
    worker.on('message', (answer: WorkerAnswer) => {
      settle(() => ('result' in answer ? resolve(answer.result as Result) : reject(thrown(answer))))
    })
    worker.on('error', (error) => settle(() => reject(isOutOfMemory(error) ? tooMuch(what, memoryMebibytes) : error)))
    worker.on('messageerror', (error) => settle(() => reject(error)))
    worker.on('exit', (code) => {
      settle(() => reject(new Error(`${what} ended without an answer (code ${String(code)})`)))
    })
  })
}

function thrown(answer: Exclude<WorkerAnswer, { result: unknown }>): Error {
  if ('operational' in answer) {
    const { code, message, cure } = answer.operational
    return new OperationalError(code, message, cure)
  }
  const error = new Error(answer.bug.message)
  if (answer.bug.stack !== undefined) error.stack = answer.bug.stack
  return error
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

const isOutOfMemory = (error: Error & { code?: unknown }): boolean => error.code === 'ERR_WORKER_OUT_OF_MEMORY'

const tookTooLong = (what: string, seconds: number): OperationalError =>
  new OperationalError(
    'worker-timeout',
    `${capital(what)} took longer than ${count(seconds, 'second')} and was ended.`,
    'Raise the limit in the configuration, or find out why the disk is slow.',
  )

const tooMuch = (what: string, mebibytes: number): OperationalError =>
  new OperationalError(
    'worker-memory',
    `${capital(what)} needed more than ${String(mebibytes)} MiB of memory and was ended.`,
    'Look for a folder with millions of names, or lower search.maxEntries.',
  )

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
