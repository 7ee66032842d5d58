import { join } from 'node:path'
import { expect } from 'chai'
import { simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost } from '../support/session/index.js'
import { night } from './support/night.js'

for (const host of hosts) {
  describe(`images written between rsync and the post hook, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    it('keep their copies, the last of them as well as the first', async () => {
      const lab = makeLab()
      const mac = simulatedMac(lab.source)
      const users = ['alice', 'bob']
      for (const user of users) mac.addUser(user, { fileVault: 'sparsebundle' })
      const stateFolder = protect(lab, { ...mac.configuration, repair: 'off' })
      await night(host, lab, stateFolder)
      const bands = users.map((user) => join(mac.imageOf(user), 'bands/0'))
      lab.hook(
        'post',
        'BACKUP-010-user',
        bands.map((band) => `printf x | dd of='${band}' conv=notrunc status=none`).join('\n'),
      )
      const second = await night(host, lab, stateFolder)
      for (const user of users) {
        const image = second.image(`${user}.sparsebundle`)
        expect(image.proof, user).to.include({ result: 'moved-on' })
        expect(image.verdict, user).to.equal('suspect')
        expect(image.kept, user).to.equal(undefined)
      }
    })
  })
}
