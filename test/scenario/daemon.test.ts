import { expect } from 'chai'
import { join } from 'node:path'
import { simulatedMac, unmountHomes } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab } from '../support/session/index.js'
import { endDaemons, eventsOf, often, settled, startDaemon, told } from './support/running-daemon.js'

describe('the daemon between backups', function () {
  this.timeout(60_000)
  afterEach(endDaemons)
  afterEach(unmountHomes)

  it('tells of a login and a logout of a FileVault user on a Mac: his image moves, is attached, and comes back', async () => {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    mac.addUser('carol', { fileVault: 'sparseimage' })
    const state = protect(lab, { ...mac.configuration, daemon: often })
    const daemon = startDaemon(lab.configurationFile)
    await told(state, 'begin')
    await settled(state)
    mac.logIn('bob')
    await told(state, 'attached')
    await told(state, 'login')
    mac.logOut('bob')
    await told(state, 'detached')
    await told(state, 'logout')
    expect(await daemon.end()).to.equal(0)
    expect(daemon.said()).to.equal('')
    const [hidden, home] = [join(lab.source, '.bob/bob.sparsebundle'), join(lab.source, 'bob/bob.sparsebundle')]
    const events = eventsOf(state)
    expect(events[0]).to.equal('begin follows 2 images below 1 folders')
    expect(events.at(-1)).to.equal('end it was asked to end')
    expect(events.slice(1, -1).sort()).to.deep.equal(
      [`moved ${hidden}`, `attached ${hidden}`, 'login bob', `moved ${home}`, `detached ${home}`, 'logout bob'].sort(),
    )
  })
})
