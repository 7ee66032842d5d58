import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { journalLine } from '../../lib/watch/journal.js'
import { smallDisk, unmountSmallDisks } from '../support/fault/small-disk.js'
import { until } from '../support/fault/until.js'
import { simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab } from '../support/session/index.js'
import { temporaryFolder } from '../support/temporary.js'
import { night } from './support/night.js'
import { backupSet, type BackupSet } from './support/set.js'
import { alive, during, gone, journal, journalFile, quick, told } from './support/watched.js'

const watcherOf = (set: Pick<BackupSet, 'stateFolder'>): number => journal(set).process?.pid ?? 0
const eventsOf = (set: Pick<BackupSet, 'stateFolder'>): string[] => journal(set).events.map(({ event }) => event)

describe('a watch in trouble', function () {
  this.timeout(60_000)
  afterEach(unmountSmallDisks)

  for (const [level, verdict, loudness] of [
    ['compare', 'proven', 'fine'],
    ['structure', 'suspect', 'warning'],
  ] as const) {
    const set = (folder?: string): BackupSet =>
      backupSet({ config: { watch: quick, verify: { level } }, ...(folder === undefined ? {} : { folder }) })

    it(`that stood still tells so, and went on; verify.level ${level}: ${verdict}`, async () => {
      const one = set()
      const result = await during(one, async () => {
        process.kill(watcherOf(one), 'SIGSTOP')
        // What it misses is time itself: more than three looks.
        await setTimeout(2000)
        process.kill(watcherOf(one), 'SIGCONT')
        await told(one, /"gap"/)
      })
      expect(result.codes).to.deep.equal([])
      expect(result.image('bob.sparsebundle')).to.include({ verdict, loudness })
      expect(result.image('bob.sparsebundle').reason).to.contain('was out of sight for')
    })

    it(`that stands still to the end is ended and told; verify.level ${level}: ${verdict}`, async () => {
      const one = set()
      const result = await during(one, () => void process.kill(watcherOf(one), 'SIGSTOP'))
      expect(result.codes).to.deep.equal(['watch-ended-early'])
      expect(result.image('bob.sparsebundle')).to.include({ verdict, loudness })
      await gone(watcherOf(one))
    })

    for (const [what, begin, end] of [
      ['is full', 'fill', 'free'],
      ['was mounted read-only', 'readOnly', 'readOnly'],
    ] as const) {
      it(`whose state folder’s disk ${what} meanwhile is told; verify.level ${level}: ${verdict}`, async function () {
        const folder = temporaryFolder()
        mkdirSync(join(folder, 'state'), { mode: 0o700 })
        const disk = smallDisk(this, join(folder, 'state'))
        const one = set(folder)
        const result = await during(
          one,
          async () => {
            const watcher = watcherOf(one)
            fillLastPage(journalFile(one))
            // Not as long as the watch has its journal open.
            await until(`a disk that ${what}`, () => succeeds(() => disk[begin](true)))
            renameSync(one.image(), `${one.image()}.away`)
            await gone(watcher)
            renameSync(`${one.image()}.away`, one.image())
          },
          () => disk[end](false),
        )
        expect(result.exitCode).to.equal(0)
        expect(result.codes).to.deep.equal(['watch-ended-early'])
        expect(result.image('bob.sparsebundle')).to.include({ verdict, loudness })
        const next = await night('ours', one.lab, one.stateFolder)
        expect(next.codes).to.deep.equal([])
      })
    }
  }

  it('two configurations over one source have a watch each, and neither ends or deafens the other', async () => {
    const first = backupSet({ config: { watch: quick } })
    const [here, away] = [first.image(), `${first.image()}.away`]
    const lab = makeLab({ backupSource: first.lab.source })
    const second = { stateFolder: protect(lab, { watch: quick }) }
    const leaveAndReturn = async (sets: readonly Pick<BackupSet, 'stateFolder'>[], times: number): Promise<void> => {
      const all = (event: string): Promise<unknown> =>
        Promise.all(sets.map((set) => told(set, new RegExp(`("${event}"[^]*){${String(times)}}`))))
      renameSync(here, away)
      await all('vanished')
      renameSync(away, here)
      await all('returned')
    }
    const result = await during(first, async () => {
      const within = await night('ours', lab, second.stateFolder, {
        at: {
          'before-rsync': async () => {
            await told(second, /"begin"/)
            expect(watcherOf(second)).not.to.equal(watcherOf(first))
            await leaveAndReturn([first, second], 1)
          },
        },
      })
      expect(within.codes).to.deep.equal([])
      expect(within.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
      expect(alive(watcherOf(first)), 'after the post-backup hook of the other').to.be.true
      await leaveAndReturn([first], 2)
    })
    expect(result.codes).to.deep.equal([])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(journal(second).whole).to.be.true
    expect(eventsOf(second)).to.deep.equal(['vanished', 'returned'])
    expect(eventsOf(first)).to.deep.equal(['vanished', 'returned', 'vanished', 'returned'])
  })

  for (const tool of ['hdiutil', 'lsof', 'who'] as const) {
    for (const hang of ['polite', 'deaf'] as const) {
      it(`looks on while ${tool} hangs (${hang}), and neither it nor the post-backup hook waits for the answer`, async () => {
        const lab = makeLab()
        const mac = simulatedMac(lab.source)
        mac.addUser('bob', { fileVault: 'sparsebundle' })
        // Longer than the test may take.
        const stateFolder = protect(lab, { ...mac.configuration, watch: quick, limits: { commandSeconds: 600 } })
        const set = { stateFolder }
        const result = await night('ours', lab, stateFolder, {
          at: {
            'before-rsync': async () => {
              await told(set, /"begin"/)
              mac.change((state) => (state.faults = { [tool]: { hang } }))
              mac.logIn('bob')
              await told(set, /"moved"/)
              await until(`a ${tool} that hangs`, () => running(mac.fakes.folder, tool))
              mac.logOut('bob')
              await told(set, /"returned"/)
            },
            // What hangs already goes on hanging; the hook gets its own answers.
            'after-rsync': () => mac.change((state) => delete state.faults),
          },
        })
        expect(result.exitCode).to.equal(0)
        expect(result.codes).to.deep.equal([])
        expect(journal(set).whole).to.be.true
        expect(result.image('bob.sparsebundle').verdict).to.equal('proven')
        await until(`the end of ${tool}`, () => !running(mac.fakes.folder, tool))
      })
    }
  }
})

/** A file's last page has room left where the disk has none: nothing that matters fills it. */
function fillLastPage(file: string): void {
  const line = (length: number): string =>
    journalLine({ at: new Date().toISOString(), event: 'logout', detail: '.'.repeat(length) })
  appendFileSync(file, line(4096 - (statSync(file).size % 4096) - line(0).length))
}

function succeeds(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

/** Whether a fake of that name and folder runs. */
const running = (folder: string, tool: string): boolean =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).includes(` ${tool} ${folder}`)
