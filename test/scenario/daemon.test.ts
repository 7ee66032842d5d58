import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../support/fault/until.js'
import { smallDisk, unmountSmallDisks } from '../support/fault/small-disk.js'
import { simulatedMac, unmountHomes } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { night } from './support/night.js'
import {
  endDaemons,
  eventsOf,
  historyFile,
  historyOf,
  often,
  seenBy,
  settled,
  startDaemon,
  told,
} from './support/running-daemon.js'
import { backupSet, writeImage, type BackupSet } from './support/set.js'

const set = (names?: readonly string[]): BackupSet =>
  backupSet({ config: { daemon: often }, ...(names === undefined ? {} : { names }) })

/** A set whose daemon has looked at everything once. */
async function followed(names?: readonly string[]) {
  const one = set(names)
  const daemon = startDaemon(one.lab.configurationFile)
  await settled(one.stateFolder)
  return { ...one, daemon }
}

describe('the daemon between backups', function () {
  this.timeout(60_000)
  afterEach(endDaemons)
  afterEach(unmountHomes)
  afterEach(unmountSmallDisks)

  it('tells of a login and a logout of a FileVault user on a Mac: his image moves, is attached, and comes back', async () => {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    mac.addUser('carol', { fileVault: 'sparseimage' })
    const state = protect(lab, { ...mac.configuration, daemon: often })
    const daemon = startDaemon(lab.configurationFile)
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
    // Who is logged in may be known before it is seen where the image went.
    const withoutPlace = events.slice(1, -1).map((line) => line.replace(/^(attached|detached) .*$/, '$1'))
    expect(withoutPlace.sort()).to.deep.equal(
      [`moved ${hidden}`, 'attached', 'login bob', `moved ${home}`, 'detached', 'logout bob'].sort(),
    )
  })

  it('tells of a loop device on an image, of a process that has one open, and of their end', async function () {
    const one = set()
    writeFileSync(
      join(one.lab.source, 'bob/loop.sparseimage'),
      Buffer.concat([Buffer.from('sprs'), Buffer.alloc(65536)]),
    )
    const daemon = startDaemon(one.lab.configurationFile)
    await settled(one.stateFolder)
    let device: string
    try {
      const args = ['--find', '--show', '--read-only', join(one.lab.source, 'bob/loop.sparseimage')]
      device = execFileSync('losetup', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
    } catch {
      return skip(this, 'no loop device can be made here')
    }
    try {
      await told(one.stateFolder, 'attached')
    } finally {
      execFileSync('losetup', ['--detach', device])
    }
    await told(one.stateFolder, 'detached')
    const reader = spawn('tail', ['-f', join(one.image(), 'bands/0')], { stdio: 'ignore' })
    await told(one.stateFolder, 'attached', 2)
    reader.kill()
    await once(reader, 'exit')
    await told(one.stateFolder, 'detached', 2)
    expect(await daemon.end()).to.equal(0)
    expect(eventsOf(one.stateFolder).slice(1, -1)).to.deep.equal([
      `attached ${join(one.lab.source, 'bob/loop.sparseimage')}`,
      `detached ${join(one.lab.source, 'bob/loop.sparseimage')}`,
      `attached ${one.image()}`,
      `detached ${one.image()}`,
    ])
  })

  it('follows an image through a renamed home, and tells of a new one and of one that is gone', async () => {
    const { lab, stateFolder } = await followed()
    renameSync(join(lab.source, 'bob'), join(lab.source, 'robert'))
    await told(stateFolder, 'moved')
    mkdirSync(join(lab.source, 'carol'))
    writeImage(join(lab.source, 'carol/carol.sparsebundle'), 'carol')
    await told(stateFolder, 'appeared')
    renameSync(join(lab.source, 'carol/carol.sparsebundle'), join(lab.folder, 'away'))
    const carol = join(lab.source, 'carol/carol.sparsebundle')
    await until('the end of it', () => eventsOf(stateFolder).includes(`vanished ${carol}`))
    // Where the last search was a moment ago, the next one waits for its turn, and the image is told to be gone first.
    const events = eventsOf(stateFolder).filter(
      (line) => line !== `vanished ${join(lab.source, 'bob/bob.sparsebundle')}`,
    )
    expect(events.slice(1)).to.deep.equal([
      `moved ${join(lab.source, 'robert/bob.sparsebundle')}`,
      `appeared ${carol}`,
      `vanished ${carol}`,
    ])
  })

  it('says that the folder of homes is not there, and never that all images are gone', async () => {
    const { lab, stateFolder, daemon } = await followed(['a', 'b', 'c'])
    renameSync(lab.source, `${lab.source}.away`)
    await told(stateFolder, 'root-lost')
    renameSync(`${lab.source}.away`, lab.source)
    await told(stateFolder, 'root-back')
    expect(await daemon.end()).to.equal(0)
    const lost = historyOf(stateFolder).find(({ event }) => event === 'root-lost')
    expect(lost?.detail).to.equal('not mounted, or not there; nothing is known of the 3 images that lay in it')
    expect(eventsOf(stateFolder).slice(1, -1)).to.deep.equal([`root-lost ${lab.source}`, `root-back ${lab.source}`])
  })

  it('takes an empty volume over the folder of homes for a lost one, also when it begins under it', async function () {
    const { lab, stateFolder, daemon } = await followed()
    smallDisk(this, lab.source)
    await told(stateFolder, 'root-lost')
    await daemon.end()
    startDaemon(lab.configurationFile)
    await told(stateFolder, 'root-lost', 2)
    unmountSmallDisks()
    await told(stateFolder, 'root-back')
    const events = historyOf(stateFolder).map(({ event }) => event)
    expect(events).to.deep.equal(['begin', 'root-lost', 'end', 'gap', 'begin', 'root-lost', 'root-back'])
  })

  it('that stood still says for how long, and goes on', async () => {
    const one = await followed()
    const { lab, stateFolder, daemon } = one
    daemon.process.kill('SIGSTOP')
    await until('a daemon that stands', () =>
      /^State:\tT/m.test(readFileSync(`/proc/${String(daemon.pid)}/status`, 'utf8')),
    )
    // What it misses is time itself: more than three looks.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    daemon.process.kill('SIGCONT')
    await told(stateFolder, 'gap')
    renameSync(one.image(), join(lab.folder, 'away'))
    await told(stateFolder, 'vanished')
  })

  it('is the only one; of one that was killed the next takes the place, and tells what happened meanwhile', async () => {
    const { lab, stateFolder, daemon } = await followed()
    const second = startDaemon(lab.configurationFile)
    expect(await second.ended).to.equal(2)
    expect(second.said()).to.contain(`A daemon of this configuration runs already: process ${String(daemon.pid)} on `)
    await daemon.end('SIGKILL')
    renameSync(join(lab.source, 'bob'), join(lab.source, 'robert'))
    const third = startDaemon(lab.configurationFile)
    await told(stateFolder, 'moved')
    expect(await third.end()).to.equal(0)
    const events = historyOf(stateFolder).map(({ event }) => event)
    expect(events).to.deep.equal(['begin', 'gap', 'begin', 'moved', 'end'])
  })

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
    it(`ends well at ${signal}, and gives its place up`, async () => {
      const { lab, stateFolder, daemon } = await followed()
      expect(await daemon.end(signal)).to.equal(0)
      expect(eventsOf(stateFolder).at(-1)).to.equal('end it was asked to end')
      const next = startDaemon(lab.configurationFile)
      await told(stateFolder, 'begin', 2)
      expect(await next.end()).to.equal(0)
    })
  }

  it('begins anew where its settings change', async () => {
    const { lab, stateFolder, daemon } = await followed()
    const settings = { stateFolder, daemon: { interval: 0.3 } }
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(settings))
    await told(stateFolder, 'begin', 2)
    expect(await daemon.end()).to.equal(0)
    const events = historyOf(stateFolder).map(({ event, detail }) => (event === 'end' ? detail : event))
    expect(events).to.deep.equal(['begin', 'its settings changed', 'gap', 'begin', 'it was asked to end'])
  })

  it('is silent while LBackup runs, whose own watch tells; the next report tells what it saw before', async () => {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    const state = protect(lab, { ...mac.configuration, daemon: often, watch: { interval: 0.1 } })
    const daemon = startDaemon(lab.configurationFile)
    await settled(state)
    mac.logIn('bob')
    await told(state, 'attached')
    await told(state, 'login')
    mac.logOut('bob')
    await told(state, 'detached')
    await told(state, 'logout')
    const before = eventsOf(state)
    const first = await night('ours', lab, state, {
      at: {
        'before-rsync': async () => {
          mac.logIn('bob')
          // Longer than it takes the daemon to look.
          await new Promise((resolve) => setTimeout(resolve, 1500))
        },
      },
    })
    expect(first.said.filter((line) => line.startsWith('Since the last run')).join()).to.match(
      /Since the last run, \S+\/bob\.sparsebundle \(bob\): \S+ \d\d:\d\d UTC bob logged in, bob logged out, image moved to \S+, /,
    )
    expect(eventsOf(state)).to.deep.equal(before)
    await settled(state, 'attached')
    await until('the login is known', () => seenBy(state).users?.includes('bob') === true)
    expect(eventsOf(state)).to.deep.equal(before)
    mac.logOut('bob')
    await told(state, 'logout', 2)
    await daemon.end()
    const second = await night('ours', lab, state)
    const said = second.said.filter((line) => line.startsWith('Since the last run'))
    expect(said).to.have.length(1)
    expect(said[0]).to.contain('bob logged out')
    expect(said[0]).not.to.contain('bob logged in')
  })

  it('whose disk is full says so once, waits, and writes what it saw when there is room', async function () {
    const lab = makeLab()
    mkdirSync(join(lab.source, 'bob'))
    const image = join(lab.source, 'bob/bob.sparsebundle')
    writeImage(image, 'bob')
    const state = protect(lab, { daemon: often })
    mkdirSync(state, { mode: 0o700 })
    const disk = smallDisk(this, state)
    const daemon = startDaemon(lab.configurationFile)
    await settled(state)
    fillLastPage(historyFile(state))
    disk.fill()
    renameSync(image, join(lab.folder, 'away'))
    await until('a word of the full disk', () => daemon.said().includes('history.jsonl'))
    disk.free()
    await told(state, 'vanished')
    const words = daemon.said()
    expect(words.match(/history\.jsonl/g)).to.have.length(1)
    expect(words.match(/seen\.json/g)).to.have.length(1)
    renameSync(join(lab.folder, 'away'), image)
    await until('the image again', () => /"(returned|appeared)"/.test(readFileSync(historyFile(state), 'utf8')))
    expect(await daemon.end()).to.equal(0)
    expect(daemon.said()).to.equal(words)
  })

  it('writes names with newlines so that no line of its history is another', async () => {
    const one = set(['a\n{"at":"2026-01-01T00:00:00Z","event":"end"}\nb', 'ü\u202e'])
    const daemon = startDaemon(one.lab.configurationFile)
    await settled(one.stateFolder)
    expect(seenBy(one.stateFolder).images).to.have.length(2)
    renameSync(join(one.lab.source, 'bob'), join(one.lab.source, 'eve\nlogin'))
    await told(one.stateFolder, 'moved', 2)
    expect(await daemon.end()).to.equal(0)
    const lines = historyOf(one.stateFolder)
    const events = lines.map(({ event }) => event).filter((event) => event !== 'vanished')
    expect(events).to.deep.equal(['begin', 'moved', 'moved', 'end'])
    for (const { path = '' } of lines) expect(path).not.to.match(/[\n\u202e]/)
  })
})

/** A file's last page has room left where the disk has none. */
function fillLastPage(file: string): void {
  const line = (length: number): string =>
    `${JSON.stringify({ at: new Date().toISOString(), event: 'gap', detail: '.'.repeat(length) })}\n`
  appendFileSync(file, line(4096 - (statSync(file).size % 4096) - line(0).length))
}
