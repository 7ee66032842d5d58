import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { Config } from '../../../lib/generated/config.js'
import { lockHolder, releaseLock, takeLock, type LockHolder } from '../../../lib/lbackup/lock.js'
import { bootId, processIdentity } from '../../../lib/lbackup/process-chain.js'
import { unstage } from '../../../lib/run/staging.js'
import { betweenRuns, untilNobodyFreezes } from '../../../lib/staging/freezing-lock.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const system = realSystem({ platform: 'linux', commandSeconds: 20 })

async function holder(runId: string, pid = process.pid): Promise<LockHolder> {
  const me = await processIdentity(system, pid)
  if (me === undefined) throw new Error('no such process')
  return { ...me, bootId: await bootId(system), host: 'here', since: '2026-01-01T00:00:00.000Z', runId }
}
const lives = (): Promise<boolean> => Promise.resolve(true)

describe('freezing between runs', () => {
  const state = fromText

  it('is refused while a run has its lock, and nothing was done', async () => {
    const folder = state(temporaryFolder())
    await takeLock(folder, await holder('run'), lives)
    let done = false
    const act = (): Promise<void> => Promise.resolve(void (done = true))
    const error = await betweenRuns(system, folder, act).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(OperationalError).and.include({ code: 'run-in-progress' })
    expect(done).to.be.false
    releaseLock(folder, 'run')
    await betweenRuns(system, folder, act)
    expect(done).to.be.true
  })

  it('is waited for by a run that begins meanwhile', async () => {
    const folder = state(temporaryFolder())
    const order: string[] = []
    let end = (): void => undefined
    const frozen = betweenRuns(system, folder, async () => {
      order.push('freezes')
      await new Promise<void>((resolve) => (end = resolve))
      order.push('is done')
    })
    while (order.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const run = untilNobodyFreezes(system, folder).then(() => order.push('the run goes on'))
    // It has looked by now, and found that somebody freezes.
    await Promise.all([processIdentity(system), processIdentity(system)])
    expect(order).to.deep.equal(['freezes'])
    end()
    await Promise.all([frozen, run])
    expect(order).to.deep.equal(['freezes', 'is done', 'the run goes on'])
  })

  it('is not disturbed by a run that was halted early and empties the staging folder', async () => {
    const folder = state(temporaryFolder())
    const config = { source: { mode: 'staging' } } as Config
    const order: string[] = []
    let end = (): void => undefined
    const frozen = betweenRuns(system, folder, async () => {
      await new Promise<void>((resolve) => (end = resolve))
      order.push('frozen')
    })
    while (lockHolder(state(join(folder, 'freezing'))) === undefined)
      await new Promise((resolve) => setImmediate(resolve))
    const emptied = unstage({ config, system, stateFolder: folder }).then(() => order.push('emptied'))
    await Promise.all([processIdentity(system), processIdentity(system)])
    end()
    await Promise.all([frozen, emptied])
    expect(order).to.deep.equal(['frozen', 'emptied'])
  })

  it('ends on a full disk as well, where whoever froze lives on', async () => {
    const folder = temporaryFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'state', folder])
    try {
      await betweenRuns(system, state(folder), () => {
        expect(() => writeFileSync(join(folder, 'full'), Buffer.alloc(100_000))).to.throw(/ENOSPC/)
        return Promise.resolve()
      })
      expect(lockHolder(state(join(folder, 'freezing')))).to.equal(undefined)
      rmSync(join(folder, 'full'))
      await betweenRuns(system, state(folder), () => Promise.resolve())
    } finally {
      execFileSync('umount', [folder])
    }
  })

  it('is not waited for where whoever froze is dead', async () => {
    const folder = temporaryFolder()
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    mkdirSync(join(folder, 'freezing'))
    await takeLock(state(join(folder, 'freezing')), await holder('freeze', child.pid), lives)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await untilNobodyFreezes(system, state(folder))
  })
})
