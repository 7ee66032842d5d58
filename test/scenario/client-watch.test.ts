import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { startSession } from '../support/session/index.js'
import { delayed } from '../support/ssh/client-machine.js'
import { clientSet, needClient, stopClients, type ClientSet, type ClientSetOptions } from './support/client-night.js'
import { noneWith, processesWith, signalAll, stopAll } from './support/client-processes.js'
import { night, type Night } from './support/night.js'
import { labOver } from './support/over.js'
import { journal, journalFile, said, told } from './support/watched.js'

const image = 'alice/Work.sparsebundle'
const quick = { clientInterval: 1 }
const unread = { watch: quick, verify: { level: 'structure' } }

type Watched = Pick<ClientSet, 'stateFolder'>

const gaps = (set: Watched): string[] =>
  journal(set).events.flatMap(({ event, detail }) => (event === 'gap' ? [detail ?? ''] : []))

/** The client's program where it watches. */
const watching = ({ client }: Pick<ClientSet, 'client'>): string => `${client.program}/lbackup-filevault-client 1 `

/** Returns once the client has begun to watch. */
async function watched(set: ClientSet): Promise<void> {
  while (processesWith(watching(set)).length === 0) await new Promise((resolve) => setImmediate(resolve))
}

/** A set whose client tells with each of its looks that it is done, after the program `date` was asked. */
async function lookingSet(options: ClientSetOptions): Promise<ClientSet & { looked: () => Promise<void> }> {
  const set = await clientSet({ conf: ['tool-date PROGRAM/date'], ...options })
  const date = join(set.client.program, 'date')
  // The client's clock is an hour ahead of ours.
  writeFileSync(date, `#!/bin/sh\necho x >>'${set.lab.folder}/looks'\nexec /usr/bin/date -d '+1 hour' "$@"\n`)
  chmodSync(date, 0o755)
  const looks = (text: string): number => text.split('\n').length
  return {
    ...set,
    // What asked before was another verb, so two more make one whole look.
    async looked() {
      const file = join(set.lab.folder, 'looks')
      const before = existsSync(file) ? looks(readFileSync(file, 'utf8')) : 0
      await said(set.lab.folder, 'looks', (text) => looks(text) >= before + 2)
    },
  }
}

describe('the watch over images on a client', function () {
  this.timeout(120_000)

  before(function () {
    needClient(this)
  })
  afterEach(stopClients)

  it('sees an image leave and come back, through the gate, and tells when by our clock', async () => {
    const set = await lookingSet({ config: { watch: quick } })
    const away = `${set.work}.away`
    const began = Date.now()
    const result = await set.night({
      at: {
        'before-rsync': async () => {
          await set.looked()
          renameSync(set.work, away)
          await told(set, /"vanished"/)
          renameSync(away, set.work)
          await told(set, /"returned"/)
        },
      },
    })
    expect(result.image(image), result.output).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.image(image).reason).to.match(
      /; while rsync ran, the image was at none of its places at \d\d:\d\d:\d\d UTC and came back to \S+ at /,
    )
    const { whole, events } = journal(set)
    expect(whole).to.be.true
    for (const { at } of events) expect(Date.parse(at)).to.be.within(began, Date.now())
    expect(result.gate.filter((line) => / watch 1$/.test(line))).to.have.length(1)
    await noneWith(watching(set))
  })

  it('tells the login of a Mac’s user, of which image, and where it went', async () => {
    const lab = await labOver('ssh')
    const mac = simulatedMac(lab.source, 1, lab.backupSource)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    mac.addUser('zoe', { fileVault: 'sparsebundle' })
    const set = { stateFolder: protect(lab, { ...mac.configuration, watch: quick }) }
    const result = await night('ours', lab, set.stateFolder, {
      at: {
        'before-rsync': async () => {
          const mounts = (): number => mac.fakes.calls().filter(({ name }) => name === 'mount').length
          const before = mounts()
          // Asked last in a look: the second one ends a look that began after now.
          await said(mac.fakes.folder, 'calls.jsonl', () => mounts() >= before + 2)
          mac.logIn('bob')
          await told(set, /"attached"/)
        },
      },
    })
    const { events, whole } = journal(set)
    expect(whole).to.be.true
    const { slot } = result.image('bob.sparsebundle')
    const own = events.filter(({ event }) => event !== 'gap')
    expect(own.map((line) => [line.event, line.slot, line.detail])).to.have.deep.members([
      ['login', slot, 'bob'],
      ['moved', slot, `to ${join(lab.backupSource, '.bob/bob.sparsebundle')}`],
      ['attached', slot, undefined],
    ])
    mac.logOut('bob')
  })

  it('makes a copy suspect that was not compared where the connection was lost, and calls the client again', async () => {
    const mark = randomBytes(8).toString('hex')
    const set = await clientSet({ sshConfig: [`${delayed(0)} ${mark}`], config: unread })
    const still = await set.night()
    expect(still.image(image)).to.include({ verdict: 'complete' })
    const before = set.client.logins().length
    const result = await set.night({
      at: {
        'before-rsync': async () => {
          await watched(set)
          signalAll(processesWith(mark), 'SIGKILL')
          await told(set, /"gap"/)
        },
      },
    })
    expect(gaps(set).some((detail) => /^\d+\.\d s \(the connection to the client was lost\)$/.test(detail))).to.be.true
    expect(result.image(image), result.output).to.include({ verdict: 'suspect', loudness: 'warning' })
    expect(result.image(image).reason).to.match(/while rsync ran, it was out of sight for .* was lost\)/)
    expect(
      set.client.logins().length - before,
      'LBackup’s two, ours, and one more for the watch and for the post hook',
    ).to.equal(5)
    await noneWith(watching(set))
  })

  it('calls a client again that says nothing any more', async () => {
    const set = await clientSet({ config: { watch: quick } })
    let hanging: number[] = []
    const result = await set.night({
      at: {
        'before-rsync': async () => {
          await watched(set)
          hanging = stopAll(set.client.program)
          await told(set, /"gap"/)
        },
      },
    })
    signalAll(hanging, 'SIGCONT')
    expect(gaps(set).join()).to.match(/\(the client told nothing\)/)
    expect(result.image(image), result.output).to.include({ verdict: 'proven', loudness: 'fine' })
    await noneWith(watching(set))
  })

  for (const [what, harm] of [
    ['without end', 'yes "tick 1"'],
    ['in one endless line', 'tr "\\0" x </dev/zero'],
    ['what nobody understands', 'cat /dev/urandom'],
  ] as const) {
    it(`outlives a client that talks ${what}`, async () => {
      const set = await clientSet({ forced: 'PROGRAM/talker', config: unread })
      const talker = join(set.client.program, 'talker')
      const head = 'set -- $SSH_ORIGINAL_COMMAND; echo "lbackup-filevault 1 $3 watch"'
      const gate = `${set.client.program}/ssh-gate`
      writeFileSync(
        talker,
        `#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in *' watch '*) ${head}; exec ${harm} ;; esac\nexec ${gate}\n`,
      )
      chmodSync(talker, 0o755)
      const result = await set.night()
      expect(journal(set).whole).to.be.true
      expect(gaps(set).join(), 'told at the end').to.match(
        /the client said (more than it has to say|what is none of its words)/,
      )
      expect(result.image(image), result.output).to.include({ verdict: 'suspect', loudness: 'warning' })
      expect(result.codes).to.deep.equal([])
      await noneWith(talker)
    })
  }

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`ends by itself, here and there, and with it the login of the run, where LBackup is ended by ${signal}`, async () => {
      const set = await clientSet({ config: { watch: quick } })
      simulatedMac(set.client.source).addUser('bob', { fileVault: 'sparsebundle' })
      const session = startSession('ours', set.lab, {
        ssh: set.client.ssh,
        at: {
          'before-rsync': async () => {
            await watched(set)
            expect(readFileSync(set.lab.excludesFile, 'utf8'), 'the premise').to.contain('lbackup-filevault')
            session.signal(signal)
          },
        },
      })
      await session.result
      await told(set, /"end".*LBackup is gone/)
      expect(readFileSync(set.lab.excludesFile, 'utf8')).to.equal('')
      await noneWith(`${set.stateFolder}/`)
      await noneWith(set.client.program)
      expect(existsSync(join(set.stateFolder, 'ssh')), 'the socket of the login').to.be.false
    })
  }

  it('is not begun where it is not wanted', async () => {
    const set = await clientSet({ config: { watch: { mode: 'off' } } })
    const result: Night & { readonly gate: readonly string[] } = await set.night()
    expect(result.image(image)).to.include({ verdict: 'proven' })
    expect(existsSync(journalFile(set))).to.be.false
    expect(result.gate.filter((line) => line.includes(' watch '))).to.deep.equal([])
  })
})
