import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FuzzOrder, FuzzResult } from './order.js'
import { targets } from './targets/index.js'

// npm run fuzz -- [--minutes N] [--seed S] [--target T] [--input N]: a line for each target. Exit code 1: a parser threw
// anything but an OperationalError, took more than 2 s or 256 MB for one input, or came to fewer than 10,000 inputs.
const least = 10_000
const mostMilliseconds = 2000
const mostMebibytes = 256
const mebibyte = 1024 * 1024

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now()) },
    target: { type: 'string', multiple: true, default: Object.keys(targets) },
    input: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0')
const only = values.input === undefined ? undefined : Number(values.input)
const seconds = (minutes * 60) / values.target.length

console.log(`seed ${values.seed}, ${seconds.toFixed(1)} s for each of ${String(values.target.length)} targets`)
for (const target of values.target) {
  const complaint = await fuzz(target)
  if (complaint !== undefined) process.exitCode = 1
}

async function fuzz(target: string): Promise<string | undefined> {
  const progress = new SharedArrayBuffer(4)
  const scratch = mkdtempSync(join(tmpdir(), 'lbackup-filevault-fuzz-'))
  const order: FuzzOrder = {
    target,
    seed: values.seed,
    seconds,
    least,
    scratch,
    progress,
    ...(only === undefined ? {} : { only }),
  }
  const result = await inThread(order).finally(() => rmSync(scratch, { recursive: true, force: true }))
  const complaint = complaintOf(result)
  const again = (number: number): string =>
    `npm run fuzz -- --seed ${values.seed} --target ${target} --input ${String(number)}`
  if (result.state === 'done') {
    const { executions, refused, seconds: spent } = result
    console.log(
      `${target}: ${String(executions)} executions in ${spent.toFixed(1)} s, ${String(refused)} refused${complaint ?? ''}`,
    )
  } else if (result.state === 'failed') {
    console.log(`${target}: FAILED at input ${String(result.number)}: ${result.why}\n  again: ${again(result.number)}`)
    const shown = Buffer.from(result.input).toString('latin1', 0, 2000)
    if (result.input.length > 0) console.log(`  input: ${JSON.stringify(shown)}`)
  } else console.log(`${target}: ${complaint ?? ''}`)
  return complaint
}

function complaintOf(result: FuzzResult): string | undefined {
  if (result.state === 'failed') return 'failed'
  if (result.state === 'missing') return `not fuzzed: ${result.why}`
  if (only !== undefined || result.executions >= least) return undefined
  return `: FAILED, fewer than ${String(least)}`
}

/**
 * Runs the thread and looks ten times a second whether an input takes too long, or too much memory. Counted is the time
 * of the processor: on a busy machine an input may wait for longer than it takes.
 */
function inThread(order: FuzzOrder): Promise<FuzzResult> {
  const worker = startThread(order)
  const counter = new Int32Array(order.progress)
  const began = process.memoryUsage.rss()
  let [number, since] = [0, spent()]
  return new Promise((resolve) => {
    const settle = (result: FuzzResult): void => {
      clearInterval(timer)
      worker.removeAllListeners()
      worker.on('error', () => undefined)
      void worker.terminate()
      resolve(result)
    }
    const fail = (why: string): void => settle({ state: 'failed', number: number - 1, why, input: Buffer.alloc(0) })
    const timer = setInterval(() => {
      const now = Atomics.load(counter, 0)
      if (now !== number || now === 0) [number, since] = [now, spent()]
      else if (spent() - since > mostMilliseconds) fail(`one input took more than ${String(mostMilliseconds)} ms`)
      if (process.memoryUsage.rss() - began > mostMebibytes * mebibyte)
        fail(`more than ${String(mostMebibytes)} MiB were taken`)
    }, 100)
    worker.on('message', (result: FuzzResult) => settle(result))
    worker.on('error', (error) => {
      number = Atomics.load(counter, 0)
      fail(error.stack ?? error.message)
    })
    worker.on('exit', (code) => fail(`the thread ended with ${String(code)}`))
  })
}

function spent(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function startThread(order: FuzzOrder): Worker {
  // A thread does not take part in the loader of its parent.
  const tsx = pathToFileURL(
    createRequire(import.meta.url)
      .resolve('tsx/esm/api')
      .replace(/\.cjs$/, '.mjs'),
  ).href
  const entry = new URL('./thread.ts', import.meta.url).href
  const start = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}) })`
  const resourceLimits = { maxOldGenerationSizeMb: mostMebibytes, stackSizeMb: 4 }
  return new Worker(start, { eval: true, workerData: order, execArgv: [], resourceLimits })
}
