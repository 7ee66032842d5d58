import { parentPort, workerData } from 'node:worker_threads'
import { OperationalError } from '../../lib/finding/operational-error.js'
import { mutate } from './mutate.js'
import { randomOf } from './random.js'
import type { Target } from './target-type.js'
import { brokenTargets } from './targets/broken.js'
import { targets } from './targets/index.js'
import type { FuzzOrder, FuzzResult } from './order.js'

// One target, in a thread that the main one can end. `progress` tells it which input is being parsed.
const { target: name, seed, seconds, least, only, scratch, progress } = workerData as FuzzOrder
const counter = new Int32Array(progress)

parentPort?.postMessage(result())

function result(): FuzzResult {
  try {
    const make = targets[name] ?? brokenTargets[name]
    return make === undefined ? { state: 'missing', why: 'there is no such target' } : fuzz(make(scratch))
  } catch (error) {
    return { state: 'missing', why: error instanceof Error ? error.message : String(error) }
  }
}

function fuzz(target: Target): FuzzResult {
  const [began, share] = [performance.now(), seconds * 1000]
  const isOver = (number: number): boolean => {
    if (only !== undefined) return number > only
    const spent = performance.now() - began
    // A machine that is busy with other things still gets to the number that is demanded.
    return spent > share && (number >= least || spent > 10 * share)
  }
  let [number, refused] = [only ?? 0, 0]
  for (; !isOver(number); number += 1) {
    Atomics.store(counter, 0, number + 1)
    const random = randomOf(`${seed} ${name} ${String(number)}`)
    const bytes = inputOf(target, random)
    if (target.mend !== undefined && !random.once(4)) target.mend(bytes, random)
    const input = Buffer.from(bytes)
    try {
      target.run(bytes, random)
    } catch (error) {
      if (error instanceof OperationalError) refused += 1
      else return { state: 'failed', number, why: error instanceof Error ? (error.stack ?? '') : String(error), input }
    }
  }
  Atomics.store(counter, 0, 0)
  return { state: 'done', executions: number - (only ?? 0), refused, seconds: (performance.now() - began) / 1000 }
}

function inputOf({ seeds, words = [] }: Target, random: ReturnType<typeof randomOf>): Buffer {
  if (random.once(50)) return random.bytes(random.below(5000))
  return mutate(random.pick(seeds), random.pick(seeds), words, random)
}
