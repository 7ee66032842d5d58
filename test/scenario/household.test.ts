import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { clearTextOf, imageDigest, simulatedMac, unmountHomes, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { copied, filesHolding, night } from './support/night.js'

const prove = [{ ifInUse: 'copy-and-prove' }]

/** A server with a plain user, two FileVault users of either kind, and nobody logged in. */
function household(config: Record<string, unknown> = {}): { lab: Lab; mac: SimulatedMac; stateFolder: string } {
  const lab = makeLab({ settings: { post_actions_on_backup_error: 'YES' } })
  const mac = simulatedMac(lab.source)
  mac.addUser('alice')
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  mac.addUser('carol', { fileVault: 'sparseimage' })
  return { lab, mac, stateFolder: protect(lab, { ...mac.configuration, ...config }) }
}

for (const host of hosts) {
  describe(`a household of Macs, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })
    afterEach(unmountHomes)

    it('with nobody logged in every image is copied whole', async () => {
      const { lab, mac, stateFolder } = household()
      const { exitCode, report, image, said } = await night(host, lab, stateFolder)
      expect(exitCode).to.equal(0)
      expect(report.severity).to.equal('fine')
      for (const name of ['bob', 'carol']) {
        const path = mac.imageOf(name)
        expect(image(path.slice(lab.source.length))).to.include({ verdict: 'proven', user: name })
        const copy = join(lab.destination, 'Section.0/source', path.slice(lab.source.length))
        expect(imageDigest(copy)).to.equal(imageDigest(path))
      }
      expect(copied(lab)).to.include('alice/Documents/letter.txt')
      expect(said.at(-1)).to.match(/2 images; 2 copies looked at: 2 proven \(\d+ entries searched, \d+ members of /)
    })

    it('a user who is logged in halts the night, by name, where the policy says so', async () => {
      const { lab, mac, stateFolder } = household({ policies: [{ ifInUse: 'halt' }] })
      mac.logIn('bob')
      const { exitCode, said, sections, record, report } = await night(host, lab, stateFolder)
      expect(exitCode).to.equal(129)
      expect(sections).to.deep.equal([])
      expect(record.images.find(({ user }) => user === 'bob')?.decision).to.include({ action: 'halt', code: 'in-use' })
      const error = said.find((line) => line.startsWith('ERROR! '))
      expect(error).to.match(/bob\.sparsebundle \(bob\): in use by .*bob.*hdiutil says it is attached/)
      expect(error).to.contain('No complete copy of it is known yet.')
      expect(said.some((line) => line.includes('pre-backup hook did not'))).to.be.false
      // LBackup runs the post hooks of a halted night here.
      expect(report).to.deep.include({ phase: 'post', images: [] })
      expect(report.findings.map(({ code }) => code)).to.deep.equal(['no-new-section'])
    })
  })
}

describe('a household of Macs with one user logged in', function () {
  this.timeout(60_000)
  afterEach(unmountHomes)

  for (const mount of [false, true]) {
    it(`copies his image where the policy says so, and never his clear text${mount ? ' on its mounted volume' : ''}`, async function () {
      if (mount && process.geteuid?.() !== 0) skip(this, 'needs root')
      const { lab, mac, stateFolder } = household({ policies: prove })
      mac.logIn('bob', { mount })
      mac.write('bob')
      const { exitCode, image, report } = await night('ours', lab, stateFolder)
      expect(exitCode).to.equal(0)
      const bob = image('bob.sparsebundle')
      expect(bob).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(bob.usedBy).to.include('bob')
      expect(bob.path).to.match(/\/\.bob\/bob\.sparsebundle$/)
      expect(image('carol.sparseimage').verdict).to.equal('proven')
      expect(report.counts).to.include({ images: 2, proven: 2 })
      expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
      expect(imageDigest(join(lab.destination, 'Section.0/source/.bob/bob.sparsebundle'))).to.equal(
        mac.truth().findLast(({ user }) => user === 'bob')?.digest,
      )
      mac.logOut('bob')
    })
  }

  it('waits for him to log out, and says how long', async () => {
    const { lab, mac, stateFolder } = household({ policies: [{ ifInUse: 'wait', waitMinutes: 10 }] })
    mac.logIn('bob')
    const { exitCode, image, said } = await night('ours', lab, stateFolder, {
      occasions: [{ logged: /Waiting for .*bob\.sparsebundle/, act: () => setTimeout(() => mac.logOut('bob'), 700) }],
    })
    expect(exitCode).to.equal(0)
    expect(said[0]).to.match(
      /^Waiting for .*\.bob\/bob\.sparsebundle \(bob\), in use by .*bob.*, since \S+Z, until \S+Z at most\.$/,
    )
    expect(image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(image('bob.sparsebundle').waitedSeconds).to.be.at.least(1)
    expect(said.some((line) => /^proven after a wait of .*bob\.sparsebundle/.test(line))).to.be.true
    expect(image('carol.sparseimage').waitedSeconds).to.equal(0)
    expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
  })

  it('waits in vain, and then does what the policy says', async () => {
    const { lab, mac, stateFolder } = household({
      policies: [
        { match: { user: 'bob' }, ifInUse: 'wait', waitMinutes: 0.01, ifStillInUse: 'copy-and-prove' },
        { ifInUse: 'wait', waitMinutes: 0.01, ifStillInUse: 'halt' },
      ],
    })
    mac.logIn('bob')
    const first = await night('ours', lab, stateFolder)
    expect(first.exitCode).to.equal(0)
    expect(first.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(first.record.images.find(({ user }) => user === 'bob')?.decision).to.include({
      action: 'copy-and-prove',
      code: 'still-in-use',
    })
    mac.logIn('carol')
    const second = await night('ours', lab, stateFolder)
    expect(second.exitCode).to.equal(129)
    expect(second.said.join('\n')).to.match(/ERROR! not backed up after a wait of .*carol\.sparseimage \(carol\)/)
  })

  it('does not wait longer than a run may wait in all', async () => {
    const { lab, mac, stateFolder } = household({
      policies: [{ ifInUse: 'wait', waitMinutes: 600, ifStillInUse: 'copy-and-prove' }],
      limits: { waitMinutes: 0.01 },
    })
    mac.logIn('carol')
    const { exitCode, image, record } = await night('ours', lab, stateFolder)
    expect(exitCode).to.equal(0)
    expect(image('carol.sparseimage')).to.include({ verdict: 'proven' })
    expect(record.images.find(({ user }) => user === 'carol')?.decision.reason).to.contain('are used up')
  })

  it('backs the mounted contents up instead, where clear text is allowed by name', async () => {
    const { lab, mac, stateFolder } = household({
      policies: [{ match: { user: 'bob' }, when: 'attached', allowClearText: true }],
    })
    mac.logIn('bob')
    const { exitCode, image, codes } = await night('ours', lab, stateFolder)
    expect(exitCode).to.equal(0)
    expect(image('bob.sparsebundle')).to.include({ verdict: 'suspect' })
    expect(codes).not.to.include('clear-text-found')
    expect(filesHolding(lab, clearTextOf('bob'))).to.have.members([
      'source/bob/secret.txt',
      'source/bob/Library/Mail/box',
    ])
    expect(existsSync(join(lab.destination, 'Section.0/source/.bob/bob.sparsebundle'))).to.be.false
  })

  it('after a power cut the image in the hidden home is copied from there, and from its home once he logged out', async () => {
    const { lab, mac, stateFolder } = household()
    mac.logIn('bob')
    mac.write('bob')
    mac.crash()
    const first = await night('ours', lab, stateFolder)
    expect(first.exitCode).to.equal(0)
    expect(first.image('/.bob/bob.sparsebundle')).to.include({ verdict: 'proven', user: 'bob' })
    mac.logIn('bob')
    mac.logOut('bob')
    const second = await night('ours', lab, stateFolder)
    expect(second.image('/bob/bob.sparsebundle')).to.include({
      verdict: 'proven',
      slot: first.image('/.bob/bob.sparsebundle').slot,
    })
    expect(second.codes).to.deep.equal([])
  })

  it('a FileVault account without its image is told', async () => {
    const { lab, mac, stateFolder } = household()
    mac.change((state) => {
      const homeDirectory = '<home_dir><url>file://localhost/Users/.dora/dora.sparsebundle</url></home_dir>'
      state.users?.push({ name: 'dora', uid: 555, home: join(lab.source, 'dora'), homeDirectory })
    })
    mkdirSync(join(lab.source, 'dora'))
    const { exitCode, said } = await night('ours', lab, stateFolder)
    expect(exitCode).to.equal(0)
    expect(said.join('\n')).to.match(
      /WARNING! The FileVault image dora\.sparsebundle of dora is neither in .*dora nor in/,
    )
  })
})
