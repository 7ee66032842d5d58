import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { clearTextOf, imageDigest } from '../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks, type ReflinkKind } from '../support/reflink-disk.js'
import { hosts, needHost } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { filesHolding, night, slowly } from './support/night.js'
import { sharedFiles, stagedHomes } from './support/staging.js'

const volumes: readonly ReflinkKind[] = ['btrfs', 'xfs']

for (const host of hosts) {
  for (const volume of volumes) {
    describe(`a staging folder on ${volume}, ${host === 'real' ? 'with the real LBackup' : 'with our stand-in'}`, function () {
      this.timeout(300_000)
      before(function () {
        needHost(this, host)
        if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
      })
      afterEach(unmountReflinkDisks)

      it('an image that moves between nights keeps its path, and unchanged bands are stored once', async function () {
        const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'])
        const { lab, mac, stateFolder } = homes
        const first = await night(host, lab, stateFolder)
        expect(first.exitCode, first.output).to.equal(0)
        expect(first.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
        expect(first.image('bob.sparsebundle').staged).to.include({ kind: 'clone' })
        expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
        expect(homes.standing()).to.deep.equal([])
        const before = homes.slotIn('bob').split('/').at(-1)
        mac.logIn('bob')
        mac.write('bob')
        // The power went: the image stays where a user who is logged in has it.
        mac.crash()
        expect(mac.imageOf('bob')).to.contain('/.bob/')
        const second = await night(host, lab, stateFolder)
        expect(second.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
        expect(homes.slotIn('bob').split('/').at(-1)).to.equal(before)
        expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
        const shared = sharedFiles(homes.copy('bob'), homes.copy('bob', 1))
        expect(shared, 'files that both nights have').to.include('Info.plist')
        expect(shared.filter((name) => name.startsWith('bands/'))).not.to.deep.equal([])
        expect(homes.standing()).to.deep.equal([])
      })

      it('is empty and closed to others afterwards, and nothing of it is searched', async function () {
        const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'])
        const { lab, stateFolder, staging } = homes
        const { report } = await night(host, lab, stateFolder)
        expect(report.images).to.have.length(1)
        expect(lstatSync(staging).mode & 0o7777).to.equal(0o700)
        expect(homes.standing()).to.deep.equal([])
        expect(homes.book()).to.equal(undefined)
      })
    })
  }
}

for (const volume of volumes) {
  describe(`a login while rsync copies what is frozen on ${volume}`, function () {
    this.timeout(300_000)
    before(function () {
      if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
    })
    afterEach(unmountReflinkDisks)

    it('changes nothing of the copy, which is still proven, as of when nothing used the image', async function () {
      const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'], {}, { settings: slowly })
      const { lab, mac, stateFolder } = homes
      const before = imageDigest(mac.imageOf('bob'))
      const result = await night('ours', lab, stateFolder, {
        at: {
          'before-rsync': () => {
            mac.logIn('bob')
            mac.write('bob')
          },
        },
      })
      expect(result.exitCode, result.output).to.equal(0)
      expect(result.image('bob.sparsebundle'), result.image('bob.sparsebundle').reason).to.include({
        verdict: 'proven',
        loudness: 'fine',
      })
      expect(result.image('bob.sparsebundle').reason).to.match(/as of .*Z, when nothing used it/)
      expect(imageDigest(homes.copy('bob'))).to.equal(before)
      expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
      expect(statSync(join(homes.copy('bob'), 'token')).isFile()).to.be.true
    })
  })
}
