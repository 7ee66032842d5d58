import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { holdOpen } from '../support/history/machine.js'
import { imageDigest } from '../support/mac/index.js'
import { hosts, needHost } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { night, type Night } from './support/night.js'
import { backupSet, bandOf, rewrite, type BackupSet } from './support/set.js'

const bin = fileURLToPath(new URL('../../dist/lib/cli/bin.js', import.meta.url))

/** What `list` says of the copies of bob's image: a line for each, without the head. */
function list({ lab }: BackupSet): string {
  const args = [bin, 'list', '--config', lab.configurationFile]
  return execFileSync(process.execPath, args, { encoding: 'utf8', env: { HOME: lab.folder, PATH: '/usr/bin:/bin' } })
}

const openedError = ({ said }: Night): string | undefined => said.find((line) => /opened a copy for writing/.test(line))

for (const host of hosts) {
  describe(`a copy that somebody opened for writing, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    let letGo: (() => void) | undefined
    before(function () {
      needHost(this, host)
      if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
    })
    afterEach(() => letGo?.())

    it('is never again called proven, nor are those that share the band, nor where it is put as an older copy', async () => {
      const set = backupSet({ settings: { numRotations: '4' } })
      const { lab, stateFolder } = set
      await night(host, lab, stateFolder)
      await night(host, lab, stateFolder)
      rewrite(bandOf(set.copy(), '0'))
      letGo = holdOpen(join(set.image(), 'token'))
      for (let count = 1; count <= 3; count += 1) {
        const result = await night(host, lab, stateFolder)
        const when = `night ${String(count)}`
        const image = result.image('bob.sparsebundle')
        if (count === 1) {
          expect(openedError(result), when).to.match(
            /^ERROR! .*bands\/0 was written at 20.*, and Section\.0 and Section\.1 share it/,
          )
        }
        expect(image.kept, `${when}: ${image.reason}`).to.include({ done: 'older-copy', proven: false })
        expect(image.reason, when).not.to.contain('newest good')
        expect(result.status.slots[0]?.kept?.newestGood, when).to.equal(undefined)
        expect(list(set), when).not.to.match(/\bproven\b/)
      }
      letGo()
      const free = await night(host, lab, stateFolder)
      expect(free.image('bob.sparsebundle').verdict).to.equal('proven')
      expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
      // What the older sections share is not what anybody may take for good.
      expect(free.status.slots[0]?.kept?.newestGoodIn).to.equal('Section.0')
    })
  })
}

describe('a copy that somebody opened for writing while LBackup copies', function () {
  this.timeout(180_000)
  let letGo: (() => void) | undefined
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })
  afterEach(() => letGo?.())

  it('is not put at a place: another one is, that night and the next, and it is told', async () => {
    const set = backupSet()
    const { lab, stateFolder } = set
    await night('ours', lab, stateFolder)
    const good = imageDigest(set.copy())
    // Stored anew, so that the sections share no band.
    for (const band of ['0', '1', '2', '3', '4']) rewrite(bandOf(set.image(), band), 100)
    await night('ours', lab, stateFolder)
    letGo = holdOpen(join(set.image(), 'token'))
    const result = await night('ours', lab, stateFolder, {
      at: { 'before-rsync': () => rewrite(bandOf(set.copy(), '0')) },
    })
    expect(result.codes).to.include('copy-opened')
    expect(result.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(set.copy())).to.equal(good)
    const next = await night('ours', lab, stateFolder)
    expect(next.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(set.copy())).to.equal(good)
  })

  it('is found out where rsync linked it, and repaired', async () => {
    const set = backupSet()
    const { lab, stateFolder } = set
    await night('ours', lab, stateFolder)
    const result = await night('ours', lab, stateFolder, {
      // As near as rsync takes for the same.
      at: { 'before-rsync': () => rewrite(bandOf(set.copy(), '0'), 10) },
    })
    expect(result.image('bob.sparsebundle').proof?.wrong).to.deep.equal([
      { kind: 'damaged', count: 1, members: ['bands/0'] },
    ])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
    const next = await night('ours', lab, stateFolder)
    expect(openedError(next)).to.match(/Section\.1 holds it/)
  })
})
