import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'

/** Where LBackup's copy lies when rsync has ended: before the rotation with our stand-in, after it with the real one. */
const newest = (lab: Lab): string =>
  ['Section.inprogress', 'Section.0'].map((name) => join(lab.destination, name)).find(existsSync) ?? ''

for (const host of hosts) {
  describe(`what nobody planned in a section, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('is an error: clear text at a FileVault home, and an image', async () => {
      const lab = makeLab({ excludes: 'Old.sparsebundle\n' })
      const mac = simulatedMac(lab.source)
      mac.addUser('alice')
      mac.addUser('bob', { fileVault: 'sparsebundle' })
      cpSync(mac.imageOf('bob'), join(lab.source, 'alice/Old.sparsebundle'), { recursive: true })
      const stateFolder = protect(lab, mac.configuration)
      const result = await night(host, lab, stateFolder, {
        at: {
          'after-rsync': () => {
            const source = join(newest(lab), 'source')
            writeFileSync(join(source, 'bob/passwords.txt'), 'secret')
            mkdirSync(join(source, '.bob'), { recursive: true })
            writeFileSync(join(source, '.bob/more'), 'secret')
            cpSync(mac.imageOf('bob'), join(source, 'alice/New.sparsebundle'), { recursive: true })
            cpSync(mac.imageOf('bob'), join(source, 'alice/Old.sparsebundle'), { recursive: true })
          },
        },
      })
      expect(result.exitCode).to.equal(0)
      const said = result.said.join('\n')
      expect(said).to.match(
        /^ERROR! Clear text of the encrypted home of bob is in the backup: .*\/source\/bob holds passwords\.txt\./m,
      )
      expect(said).to.match(
        /^ERROR! Clear text of the encrypted home of bob is in the backup: .*\/source\/\.bob holds more\./m,
      )
      expect(result.codes.filter((code) => code === 'clear-text-found')).to.have.length(2)
      expect(result.image('New.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'error' })
      const old = result.report.images.filter(({ path }) => path.endsWith('Old.sparsebundle'))
      expect(old.map(({ verdict, loudness }) => `${verdict} ${loudness}`).sort()).to.deep.equal([
        'not-backed-up fine',
        'suspect error',
      ])
      expect(said).to.contain('it was to be left out, yet a copy is in the section')
      expect(result.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(result.report).to.deep.include({ severity: 'error', exitCode: 1 })
    })
  })
}
