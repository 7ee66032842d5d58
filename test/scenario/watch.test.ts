import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest, simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, startSession, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'
import { backupSet } from './support/set.js'
import { alive, during, gone, journal, journalFile, quick, told } from './support/watched.js'

describe('the watch while rsync runs', function () {
  this.timeout(60_000)

  it('sees an image leave and come back, although nothing shows it afterwards, and tells when', async () => {
    const set = backupSet({ config: { watch: quick } })
    const [here, away] = [set.image(), `${set.image()}.away`]
    const result = await during(set, async () => {
      renameSync(here, away)
      await told(set, /"vanished"/)
      renameSync(away, here)
      await told(set, /"returned"/)
    })
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.image('bob.sparsebundle').reason).to.match(
      /; while rsync ran, the image was at none of its places at \d\d:\d\d:\d\d UTC and came back to \S+ at /,
    )
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
  })

  it('makes a copy suspect that was not compared', async () => {
    const set = backupSet({ config: { watch: quick, verify: { level: 'structure' } } })
    const [here, away] = [set.image(), `${set.image()}.away`]
    const still = await during(set, () => undefined)
    expect(still.image('bob.sparsebundle')).to.include({ verdict: 'complete' })
    const result = await during(set, async () => {
      renameSync(here, away)
      await told(set, /"vanished"/)
      renameSync(away, here)
      await told(set, /"returned"/)
    })
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'warning' })
  })

  it('tells a login by where the image goes, and ends with the post-backup hook', async () => {
    const lab: Lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    const stateFolder = protect(lab, { ...mac.configuration, watch: quick })
    const set = { stateFolder }
    await night('ours', lab, stateFolder, {
      at: {
        'before-rsync': async () => {
          await told(set, /"begin"/)
          mac.logIn('bob')
          await told(set, /"attached"/)
        },
      },
    })
    const { events, whole, process: watcher } = journal(set)
    expect(whole).to.be.true
    expect(events.map(({ event, detail }) => `${event} ${detail ?? ''}`).sort()).to.deep.equal([
      'attached by diskimages-helper (pid 900501), bob',
      'login bob',
      `moved to ${join(lab.source, '.bob/bob.sparsebundle')}`,
    ])
    expect(alive(watcher?.pid ?? 0)).to.be.false
    mac.logOut('bob')
  })

  it('that was killed is told, and no copy is vouched for that was not compared', async () => {
    const set = backupSet({ config: { watch: quick, verify: { level: 'structure' } } })
    const result = await during(set, () => void process.kill(journal(set).process?.pid ?? 0, 'SIGKILL'))
    expect(result.codes).to.deep.equal(['watch-ended-early'])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'warning' })
    expect(result.image('bob.sparsebundle').reason).to.equal('while rsync ran, it was not watched to the end')
  })

  it('that somebody else ended is told likewise, however well it ended', async () => {
    const set = backupSet({ config: { watch: quick, verify: { level: 'structure' } } })
    const result = await during(set, async () => {
      const pid = journal(set).process?.pid ?? 0
      process.kill(pid, 'SIGTERM')
      await gone(pid)
      expect(journal(set).whole).to.be.true
    })
    expect(result.codes).to.deep.equal(['watch-ended-early'])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'warning' })
  })

  it('whose journal can be neither written nor read is told likewise, and the copies are judged', async () => {
    const set = backupSet({ config: { watch: quick } })
    const result = await during(set, () => {
      renameSync(journalFile(set), `${journalFile(set)}.away`)
      mkdirSync(journalFile(set))
    })
    expect(result.codes).to.deep.equal(['watch-ended-early'])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
    rmdirSync(journalFile(set))
    expect((await night('ours', set.lab, set.stateFolder)).codes).to.deep.equal([])
  })

  for (const [signal, to] of [
    ['SIGKILL', 'process'],
    ['SIGTERM', 'process'],
    ['SIGHUP', 'process'],
    ['SIGINT', 'group'],
  ] as const) {
    it(`ends by itself where LBackup is ended by ${signal} to its ${to}`, async () => {
      const set = backupSet({ config: { watch: quick } })
      const session = startSession('ours', set.lab, {
        at: {
          'before-rsync': async () => {
            await told(set, /"begin"/)
            session.signal(signal, to)
          },
        },
      })
      await session.result
      await gone(journal(set).process?.pid ?? 0)
      expect(readFileSync(journalFile(set), 'utf8')).to.contain('LBackup is gone')
    })
  }

  it('tells which band was written although its image was as still before as after', async () => {
    const set = backupSet({ config: { watch: quick, verify: { level: 'structure' } } })
    const band = join(set.image(), 'bands/1')
    const result = await during(set, async () => {
      utimesSync(band, 1, 1)
      await told(set, /"changed".*bands\/1"/)
    })
    expect(result.image('bob.sparsebundle').reason).to.match(/changed in bands\/1 at/)
  })

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    it(`takes our lines out of the excludes file where LBackup is ended by ${signal}`, async () => {
      const lab: Lab = makeLab({ excludes: '*.tmp\n' })
      const mac = simulatedMac(lab.source)
      mac.addUser('bob', { fileVault: 'sparsebundle' })
      const set = { stateFolder: protect(lab, { ...mac.configuration, watch: quick }) }
      const session = startSession('ours', lab, {
        at: {
          'before-rsync': async () => {
            await told(set, /"begin"/)
            expect(readFileSync(lab.excludesFile, 'utf8')).to.contain('[lbackup-filevault]')
            session.signal(signal)
          },
        },
      })
      await session.result
      await gone(journal(set).process?.pid ?? 0)
      expect(readFileSync(lab.excludesFile, 'utf8')).to.equal('*.tmp\n')
    })
  }

  it('is not begun where it is not wanted', async () => {
    const set = backupSet({ config: { watch: { mode: 'off' } } })
    const result = await night('ours', set.lab, set.stateFolder)
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(existsSync(journalFile(set))).to.be.false
  })
})
