import { closeSync, openSync, unlinkSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { releaseLock, takeLock, type LockHolder } from '../../../lib/lbackup/lock.js'
import { isAlive, processIdentity } from '../../../lib/lbackup/process-chain.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'

// One of many processes that want the same lock. A line on standard input starts a round: `once FOLDER` takes the lock and
// keeps it, `often FOLDER` takes and releases it many times and looks whether it was ever alone.

const system = realSystem({ platform: 'linux', commandSeconds: 10 })
const identity = await processIdentity(system)
if (identity === undefined) throw new Error('this process is not in /proc')
const holder: LockHolder = { ...identity, host: 'here', since: 'now', runId: String(process.pid) }

async function take(folder: string): Promise<string> {
  try {
    const taken = await takeLock(fromText(folder), holder, (other) => isAlive(system, other))
    return taken.stale === undefined ? 'taken' : 'taken-stale'
  } catch (error) {
    if (error instanceof OperationalError) return error.code
    throw error
  }
}

async function often(folder: string): Promise<string> {
  let taken = 0
  for (let round = 0; round < 60; round += 1) {
    if (!(await take(folder)).startsWith('taken')) continue
    taken += 1
    const alone = `${folder}/alone`
    closeSync(openSync(alone, 'wx'))
    unlinkSync(alone)
    if (!releaseLock(fromText(folder), holder.runId)) throw new Error('lost the lock while holding it')
  }
  return String(taken)
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [mode, folder] = line.split(' ') as [string, string]
  const answer = mode === 'once' ? take(folder) : often(folder)
  process.stdout.write(`${await answer.catch((error: unknown) => `broken: ${String(error)}`)}\n`)
}
