import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Context } from 'mocha'
import { fakeMac } from '../support/fake-mac.js'
import { realImage } from '../support/real-images.js'
import { makeLab } from '../support/session/index.js'
import { night } from './support/night.js'
import { setIn, type BackupSet } from './support/set.js'

function household(context: Context, config: Record<string, unknown>): BackupSet {
  const lab = makeLab({})
  const bob = join(lab.source, 'bob')
  mkdirSync(bob, { recursive: true })
  const original = realImage(context, 'hfsj-plain.sparsebundle.tgz').file
  cpSync(original, join(bob, 'plain.sparsebundle'), { recursive: true, preserveTimestamps: true })
  return setIn(lab, { names: [], config: { verify: { level: 'filesystem' }, ...config } })
}

describe('the level `filesystem`', function () {
  this.timeout(120_000)

  it('lets Apple’s checkers look at the copy; one in which they find damage is bad', async function () {
    const mac = fakeMac()
    // Its list of processes is that of this machine.
    const set = household(this, { platform: 'macos', tools: { ...mac.tools, ps: '/bin/ps' } })
    const first = await night('ours', set.lab, set.stateFolder)
    expect(first.image('/plain.sparsebundle')).to.include({ verdict: 'proven' })
    expect(first.image('/plain.sparsebundle').reason).to.contain('HFS+ "Test1"; fsck_hfs found nothing wrong')
    expect(mac.disks().seen).to.have.length(1)
    expect(mac.disks().attached).to.deep.equal([])

    mac.set({ faults: { fsckHfs: { stdout: 'The volume Test1 was found corrupt\n', code: 8 } } })
    const second = await night('ours', set.lab, set.stateFolder)
    expect(second.image('/plain.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
    expect(second.image('/plain.sparsebundle').reason).to.contain('fsck_hfs found damage')
  })

  it('is treated as `volume` on Linux, and says so', async function () {
    const set = household(this, {})
    const result = await night('ours', set.lab, set.stateFolder)
    expect(result.image('/plain.sparsebundle').reason).to.match(/; the disk inside was checked: HFS\+ "Test1"$/)
    expect(result.codes).to.include('filesystem-unchecked')
  })
})
