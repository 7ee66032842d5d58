import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import type { Config } from '../../../lib/generated/config.js'
import { lockHolder, releaseLock, takeLock, type LockHolder } from '../../../lib/lbackup/lock.js'
import { bootId, processIdentity } from '../../../lib/lbackup/process-chain.js'
import { aloneInStaging } from '../../../lib/run/staging-turn.js'
import { unstage } from '../../../lib/run/staging.js'
import { betweenRuns, duringRun, untilNobodyFreezes } from '../../../lib/staging/freezing-lock.js'
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

  describe('or by the hook of a run', () => {
    const stager = fileURLToPath(new URL('stager.ts', import.meta.url))
    let folder: string
    let hook: ChildProcess
    beforeEach(async () => {
      folder = temporaryFolder()
      hook = spawn(process.execPath, ['--import', 'tsx', stager, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(hook.stdout as Readable, 'data')
    })
    afterEach(async () => {
      if (hook.exitCode !== null || hook.signalCode !== null) return
      hook.kill('SIGKILL')
      await once(hook, 'exit')
    })
    const done = (): Promise<void> => Promise.resolve()

    it('keeps the daemon out, also where its LBackup is dead, and says who it is', async () => {
      const error = await betweenRuns(system, state(folder), done).catch((caught: unknown) => caught)
      expect(error).to.be.instanceOf(OperationalError).and.include({ code: 'run-in-progress' })
      expect((error as Error).message).to.match(
        new RegExp(`^Process ${String(hook.pid)} on .* is at work in the staging folder since`),
      )
    })

    const waits: Record<string, () => Promise<unknown>> = {
      'that begins': () => untilNobodyFreezes(system, state(folder)),
      'that empties the staging folder': async () => expect(await unstage(await runOf(folder))).to.deep.equal([]),
    }
    for (const [what, wait] of Object.entries(waits)) {
      it(`is waited for by a run ${what}`, async () => {
        const order: string[] = []
        const run = wait().then(() => order.push('the run goes on'))
        // It has looked by now, and found that somebody is at work.
        await Promise.all([processIdentity(system), processIdentity(system)])
        order.push('the hook ends')
        hook.stdin?.write('end')
        await Promise.all([once(hook, 'exit'), run])
        expect(order).to.deep.equal(['the hook ends', 'the run goes on'])
      })
    }

    it('is not waited for where that is dead', async () => {
      hook.kill('SIGKILL')
      await once(hook, 'exit')
      await untilNobodyFreezes(system, state(folder))
      await duringRun(system, state(folder), done)
      await betweenRuns(system, state(folder), done)
    })
  })

  it('goes on after a power cut, also where the machine has another name since', async () => {
    const folder = temporaryFolder()
    execFileSync('mount', ['-t', 'tmpfs', 'state', folder])
    try {
      const left = { ...(await holder('dead')), bootId: 'before', host: 'mac-17.local' }
      const freezing = join(folder, 'freezing')
      mkdirSync(freezing)
      for (const lock of [folder, freezing]) await takeLock(state(lock), left, lives)
      let done = 0
      const act = (): Promise<void> => Promise.resolve(void (done += 1))
      await betweenRuns(system, state(folder), act)
      await takeLock(state(freezing), left, lives)
      await duringRun(system, state(folder), act)
      expect(done).to.equal(2)
    } finally {
      execFileSync('umount', [folder])
    }
  })

  it('is given up by a run whatever becomes of it', async () => {
    const folder = temporaryFolder()
    const failed = duringRun(system, state(folder), () => Promise.reject(new Error('disk on fire')))
    expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal('disk on fire')
    expect(lockHolder(state(join(folder, 'freezing')))).to.equal(undefined)
  })

  it('is not for a hook whose LBackup is gone by the time that it would be its turn', async () => {
    const folder = temporaryFolder()
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    const orphan = { ...(await runOf(folder)), lbackup: await holder('gone', child.pid) }
    child.kill('SIGKILL')
    await once(child, 'exit')
    let acted = false
    const act = (): Promise<void> => Promise.resolve(void (acted = true))
    for (const attempt of [() => aloneInStaging(orphan, act), () => unstage(orphan)]) {
      const error = await attempt().catch((caught: unknown) => caught)
      expect(error).to.include({ code: 'hook-orphaned' })
    }
    expect(acted).to.be.false
    expect(lockHolder(state(join(folder, 'freezing')))).to.equal(undefined)
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

  async function runOf(folder: string): Promise<Parameters<typeof unstage>[0]> {
    const config = { source: { mode: 'staging' } } as Config
    return { config, system, stateFolder: state(folder), lbackup: await holder('run') }
  }
})
