import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { lockHolder } from '../../lib/lbackup/lock.js'
import { thaw } from '../../lib/staging/freeze.js'
import { realSystem } from '../../lib/system/system.js'
import { fromText } from '../../lib/text/raw-path.js'
import { night } from '../scenario/support/night.js'
import { stagedHomes } from '../scenario/support/staging.js'
import { until, untilGone } from '../support/fault/until.js'
import { holdOpen } from '../support/history/machine.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { reflinkDisk, unmountReflinkDisks } from '../support/reflink-disk.js'
import { startSession } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'

const system = realSystem({ platform: 'linux', commandSeconds: 20 })

describe('an LBackup that is killed while its pre-backup hook freezes images', function () {
  this.timeout(120_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  afterEach(unmountReflinkDisks)

  it('leaves the staging folder to that hook until it is done, then to the next run, which finds nothing of it', async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'btrfs', 512)
    const [hookPid, go] = [join(disk, 'hook'), join(disk, 'go')]
    const slow = script(
      join(disk, 'slow-btrfs'),
      `[ -e '${hookPid}' ] || echo "$PPID" >'${hookPid}.new' && mv '${hookPid}.new' '${hookPid}' 2>/dev/null
       while [ ! -e '${go}' ]; do sleep 0.05; done; exec btrfs "$@"`,
    )
    const settings = { policies: [{ ifInUse: 'copy-and-prove' }], platform: 'linux' }
    const homes = stagedHomes(disk, ['bob'], { ...settings, tools: { btrfs: slow } })
    const { lab, mac, stateFolder } = homes
    const letGo = holdOpen(join(mac.imageOf('bob'), 'token'))
    try {
      const first = startSession('ours', lab)
      await until('the hook at work in the staging folder', () => existsSync(hookPid))
      const hook = Number(readFileSync(hookPid, 'utf8'))
      const dead = lockHolder(fromText(stateFolder))?.pid
      first.signal('SIGKILL', 'process')
      await untilGone(dead ?? 0)
      // What the daemon does between runs, which this is by LBackup's own lock and by that of the run.
      const error = await thaw(system, fromText(stateFolder), 'bob-0').catch((caught: unknown) => caught)
      expect(error).to.include({ code: 'run-in-progress' })
      expect((error as Error).message).to.contain(`Process ${String(hook)} on`)
      rmSync(lab.lockFile, { force: true })
      protect(lab, {
        ...settings,
        tools: {},
        search: { roots: [lab.source] },
        source: { mode: 'staging', reservePercent: 0 },
      })
      const next = night('ours', lab, stateFolder)
      await until('the lock of the next run', () => ![dead, undefined].includes(lockHolder(fromText(stateFolder))?.pid))
      writeFileSync(go, '')
      const result = await next
      await untilGone(hook)
      expect(result.exitCode, result.output).to.equal(0)
      expect(result.image('bob.sparsebundle'), result.output).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(result.image('bob.sparsebundle').staged).to.include({ kind: 'snapshot' })
      expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
      await first.result
    } finally {
      writeFileSync(go, '')
      letGo()
    }
    expect(homes.standing()).to.deep.equal([])
    expect(homes.book()).to.equal(undefined)
    expect(execFileSync('btrfs', ['subvolume', 'list', disk], { encoding: 'utf8' })).to.equal('')
  })
})

function script(path: string, text: string): string {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}
