import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { processIdentity } from '../../../lib/lbackup/process-chain.js'
import { realSystem } from '../../../lib/system/system.js'
import { letGoOn, standing } from '../../../lib/watch/go-on.js'
import { rsyncProcesses, type RsyncProcess } from '../../../lib/watch/rsync-processes.js'
import { until } from '../../support/fault/until.js'
import { fakeMac } from '../../support/fake-mac.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const systems = {
  Linux: () => realSystem({ platform: 'linux', commandSeconds: 20 }),
  // Processes are real here, so ps is the machine's own.
  'a Mac': () => realSystem({ platform: 'macos', tools: { ...fakeMac().tools, ps: '/bin/ps' }, commandSeconds: 20 }),
}

const children: ChildProcess[] = []

/** A program that waits under several names, one inside the other, and says when all of them run. */
async function start(script: string, cwd: string): Promise<number> {
  const child = spawn('bash', ['-c', script], { cwd, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child.pid ?? 0
}

const stat = (pid: number): string => readFileSync(`/proc/${String(pid)}/stat`, 'latin1').replace(/^.*\) /s, '')

describe('the processes of rsync', function () {
  this.timeout(30_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
  })
  afterEach(() => {
    for (const { pid } of children.splice(0)) process.kill(-(pid ?? 0), 'SIGKILL')
  })

  for (const [told, systemOf] of Object.entries(systems)) {
    it(`are those of its name that descend from LBackup, with what they have open, as on ${told}`, async () => {
      const system = systemOf()
      const folder = temporaryFolder()
      const names = ['/usr/bin/rsync', 'rsync_3.2.2', 'rsyncd', 'not-rsync', 'bash']
      const starts = names.map((name) => `(exec -a ${name} sleep 1000 3>'${folder}/file') & echo $!;`)
      const lbackup = await start(`(${starts.join('')} sync; echo; wait) & wait`, folder)
      const other = await start(`exec -a rsync sh -c 'echo; sleep 1000; :'`, folder)
      const identity = await processIdentity(system, lbackup)
      if (identity === undefined) throw new Error('the process is not there')
      const nameOf = (pid: number): string | undefined =>
        readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1').split('\0')[0]
      // They take their names one after the other.
      const all = (): Promise<RsyncProcess[] | undefined> => rsyncProcesses(system, identity)
      let found = await all()
      while ((found?.length ?? 0) < 2) found = await all()
      expect(found?.map(({ pid }) => nameOf(pid)).sort()).to.deep.equal(['/usr/bin/rsync', 'rsync_3.2.2'])
      expect(found?.map(({ pid }) => pid)).not.to.include(other)
      for (const { open } of found ?? []) expect(open).to.include.members([folder, `${folder}/file`])
      expect(await rsyncProcesses(system, { ...identity, startTime: 'another' })).to.deep.equal([])
    })

    it(`go on only as long as they are the same, as on ${told}`, async () => {
      const system = systemOf()
      const pid = await start('echo; sleep 1000; :', '/')
      const identity = await processIdentity(system, pid)
      if (identity === undefined) throw new Error('the process is not there')
      expect(await standing(system, [identity])).to.deep.equal([])
      process.kill(pid, 'SIGSTOP')
      await until('it to stand still', () => stat(pid).startsWith('T'))
      expect(await letGoOn(system, [{ ...identity, startTime: 'another' }])).to.deep.equal([])
      expect(stat(pid)).to.match(/^T/)
      expect(await standing(system, [identity])).to.deep.equal([identity])
      expect(await letGoOn(system, [identity])).to.deep.equal([identity])
      await until('it to go on', () => !stat(pid).startsWith('T'))
    })
  }

  it('go on where the list of processes cannot be read', async () => {
    const pid = await start('echo; sleep 1000; :', '/')
    process.kill(pid, 'SIGSTOP')
    await until('it to stand still', () => stat(pid).startsWith('T'))
    const blind = realSystem({ platform: 'macos', tools: { ps: '/bin/false' }, commandSeconds: 20 })
    expect(await rsyncProcesses(blind, { pid, startTime: 'any' })).to.equal(undefined)
    await letGoOn(blind, [{ pid, startTime: 'any' }])
    await until('it to go on', () => !stat(pid).startsWith('T'))
  })
})
