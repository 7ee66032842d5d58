import { expect } from 'chai'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, needHost } from '../support/session/index.js'
import { night } from './support/night.js'
import { backupSet, bandOf, rewrite } from './support/set.js'

const noTime = { verify: { minutes: 0 } }

for (const host of hosts) {
  describe(`a night whose time for comparing is over, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    it('says how much it has checked, and the next one reads what is left, and nothing else', async () => {
      const set = backupSet({ config: noTime })
      const { lab, stateFolder } = set
      const first = await night(host, lab, stateFolder)
      expect(first.image('bob.sparsebundle')).to.include({ verdict: 'complete', loudness: 'warning' })
      expect(first.image('bob.sparsebundle').reason).to.match(/checked \d+ %, continues tonight/)
      protect(lab)
      const whole = await night(host, lab, stateFolder)
      expect(whole.image('bob.sparsebundle').verdict).to.equal('proven')
      const files = whole.image('bob.sparsebundle').proof?.read ?? 0
      expect(files, 'all of image and copy').to.equal(16)
      rewrite(bandOf(set.image(), '1'), 100)
      rewrite(bandOf(set.image(), '3'), 100)
      protect(lab, noTime)
      const third = await night(host, lab, stateFolder)
      expect(third.image('bob.sparsebundle').verdict).to.equal('complete')
      expect(third.image('bob.sparsebundle').reason).to.match(/checked 77 %, continues tonight/)
      expect(third.image('bob.sparsebundle').proof).to.include({
        result: 'unfinished',
        checked: 7,
        members: 9,
        read: 0,
      })
      expect(third.said.join('\n')).to.match(/^WARNING! complete: .*checked 77 %, continues tonight/m)
      protect(lab)
      const fourth = await night(host, lab, stateFolder)
      expect(fourth.image('bob.sparsebundle').proof).to.include({ result: 'proven', read: 4 })
      expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
    })

    it('does not take over a change that LBackup missed', async () => {
      const set = backupSet()
      const { lab, stateFolder } = set
      await night(host, lab, stateFolder)
      rewrite(bandOf(set.image(), '1'), 5)
      protect(lab, noTime)
      const unread = await night(host, lab, stateFolder)
      expect(unread.image('bob.sparsebundle').verdict).not.to.equal('proven')
      protect(lab)
      const read = await night(host, lab, stateFolder)
      expect(read.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
      expect(read.image('bob.sparsebundle').kept).to.deep.equal({ done: 'repaired' })
      expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
    })
  })
}
