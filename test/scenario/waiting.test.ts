import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { StatusReport } from '../../lib/generated/status-report.js'
import type { WaitingRecord } from '../../lib/generated/waiting.js'
import { validateWaiting } from '../../lib/generated/validators.js'
import { untilGone } from '../support/fault/until.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { clearTextOf, imageDigest, simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { recorder } from '../support/recorder.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { runCli, type CliResult } from '../unit/cli/run.js'
import { clientSet, needClient, stopClients } from './support/client-night.js'
import { filesHolding, night } from './support/night.js'

const policies = [{ ifInUse: 'wait', waitMinutes: 10 }]
const quick = { interval: 0.1 }

const fileOf = (stateFolder: string): string => join(stateFolder, 'waiting.json')

/** Returns what is waited for, once it is these users' images. */
function waitsFor(stateFolder: string, ...users: string[]): Promise<WaitingRecord> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!existsSync(fileOf(stateFolder))) return
      const record = JSON.parse(readFileSync(fileOf(stateFolder), 'utf8')) as WaitingRecord
      if (record.images.map(({ user }) => user).join() !== users.join()) return
      watcher.close()
      resolve(record)
    }
    const watcher = watch(stateFolder, look)
    look()
  })
}

const status = (lab: Lab, ...more: string[]): Promise<CliResult> =>
  runCli('status', '--config', lab.configurationFile, ...more)
const waitingOf = async (lab: Lab): Promise<StatusReport['waiting']> =>
  (JSON.parse((await status(lab, '--json')).stdout) as StatusReport).waiting

/** What is done as soon as the wait has begun; `done` throws what went wrong in it. */
function during(act: () => Promise<void>) {
  let done: Promise<void> | undefined
  return {
    occasions: [{ logged: /Waiting for /, act: () => void (done ??= act()) }],
    done: async () => {
      expect(done, 'nothing was waited for').to.not.equal(undefined)
      await done
    },
  }
}

describe('waiting before rsync', function () {
  this.timeout(60_000)

  it('ends with the logout; status tells of it as long as it goes on, and each user is told once', async () => {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    mac.addUser('carol', { fileVault: 'sparsebundle' })
    const { file, calls } = recorder(lab.folder, 'echo told')
    const tellUser = { command: [file, '{user}', '{image} until {until}', '$(id)'] }
    const stateFolder = protect(lab, { ...mac.configuration, policies, tellUser, watch: quick })
    mac.logIn('bob')
    mac.logIn('carol')
    const scene = during(async () => {
      try {
        const record = await waitsFor(stateFolder, 'bob', 'carol')
        expect(validateWaiting(record), JSON.stringify(validateWaiting.errors)).to.be.true
        expect(await waitingOf(lab)).to.deep.equal(record.images)
        const [bob] = record.images
        expect(bob?.path).to.equal(mac.imageOf('bob'))
        expect(bob?.usedBy).to.include('bob')
        const minutes = (Date.parse(bob?.until ?? '') - Date.parse(bob?.since ?? '')) / 60_000
        expect(minutes).to.be.within(9.9, 10.1)
        expect((await status(lab)).stdout).to.match(
          /^Waiting for .*\.bob\/bob\.sparsebundle \(bob\), in use by .*bob.*, since \S+Z \(\d+ s\), until \S+Z at most\.\nWaiting for .*\(carol\)/,
        )
        expect((await status(lab, '--alarm')).stdout).to.not.match(/wait/i)
        mac.logOut('bob')
        const later = await waitsFor(stateFolder, 'carol')
        expect(later.images[0]?.since).to.equal(record.images[1]?.since)
      } finally {
        mac.logOut('bob')
        mac.logOut('carol')
      }
    })
    const { exitCode, image, output, sections } = await night('ours', lab, stateFolder, scene)
    await scene.done()
    expect(exitCode).to.equal(0)
    expect(sections).to.deep.equal(['Section.0'])
    for (const name of ['bob', 'carol']) {
      expect(image(`${name}.sparsebundle`)).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(image(`${name}.sparsebundle`).waitedSeconds).to.be.above(0)
      const copy = join(lab.destination, 'Section.0/source', mac.imageOf(name).slice(lab.source.length))
      expect(imageDigest(copy)).to.equal(imageDigest(mac.imageOf(name)))
      expect(filesHolding(lab, clearTextOf(name))).to.deep.equal([])
    }
    const told = calls().sort()
    expect(told.map(([user, , plain]) => [user, plain])).to.deep.equal([
      ['bob', '$(id)'],
      ['carol', '$(id)'],
    ])
    expect(told[0]?.[1]).to.match(/\/\.bob\/bob\.sparsebundle until \d\d:\d\d$/)
    expect(output).to.not.match(/^told$/m)
    expect(existsSync(fileOf(stateFolder))).to.be.false
    expect(await waitingOf(lab)).to.equal(undefined)
  })

  describe('for an image that this machine has open', () => {
    before(function () {
      if (process.platform !== 'linux') skip(this, 'needs Linux')
      if (process.geteuid?.() !== 0) skip(this, 'needs root')
    })

    const name = 'it\'s "mine" $(touch injected);\n{user}.sparsebundle'

    /** Its user is who its folder is named after, since no account owns it here. */
    function held(config: object = {}): { lab: Lab; stateFolder: string; letGo: () => void } {
      const lab = makeLab()
      const image = join(lab.source, 'bob', name)
      mkdirSync(join(lab.source, 'bob'))
      writeSparseBundle(image, { bands: [{ index: 0, length: 8192 }] })
      const descriptor = openSync(join(image, 'token'), 'r')
      return {
        lab,
        stateFolder: protect(lab, { policies, watch: quick, ...config }),
        letGo: () => closeSync(descriptor),
      }
    }

    it('ends when it is closed, whatever its name is: no shell sees that, and nothing takes it apart', async () => {
      const { lab, stateFolder, letGo } = held()
      const { file, calls } = recorder(lab.folder)
      protect(lab, { policies, watch: quick, tellUser: { command: [file, '{image}', '{until}: {image}'] } })
      const scene = during(async () => {
        await waitsFor(stateFolder, 'root').finally(letGo)
      })
      const { image } = await night('ours', lab, stateFolder, scene)
      await scene.done()
      expect(image('.sparsebundle').verdict).to.equal('proven')
      const shown = join(lab.source, 'bob', name).replace('\n', '\\x0a')
      expect(calls()).to.have.length(1)
      expect(calls()[0]?.[0]).to.equal(shown)
      expect(calls()[0]?.[1]?.slice(5)).to.equal(`: ${shown}`)
      expect(existsSync('/injected')).to.be.false
    })

    it('holds up neither wait nor backup where the program that tells the user hangs, and says so', async () => {
      const { lab, stateFolder, letGo } = held()
      const { file } = recorder(
        lab.folder,
        `echo $$ >'${join(lab.folder, 'pid')}'; trap '' TERM; sleep 600 & wait; wait`,
      )
      protect(lab, { policies, watch: quick, tellUser: { command: [file], commandSeconds: 1 } })
      const scene = during(async () => {
        await waitsFor(stateFolder, 'root').finally(letGo)
      })
      const { image, said } = await night('ours', lab, stateFolder, scene)
      await scene.done()
      await untilGone(Number(readFileSync(join(lab.folder, 'pid'), 'utf8')))
      expect(image('.sparsebundle').verdict).to.equal('proven')
      expect(said.filter((line) => line.startsWith('WARNING! '))).to.have.length(1)
      expect(said.join('\n')).to.match(
        /^WARNING! root could not be told that .* waits to be backed up: .*tell user took longer than 1 s\. Correct tellUser/m,
      )
    })

    it('leaves no wait in status where the hook is killed, and nothing for the next night', async () => {
      const { lab, stateFolder, letGo } = held()
      const scene = during(async () => {
        const record = await waitsFor(stateFolder, 'root')
        expect(await waitingOf(lab)).to.have.length(1)
        process.kill(record.process.pid, 'SIGKILL')
        await untilGone(record.process.pid)
      })
      const killed = await night('ours', lab, stateFolder, { ...scene, broken: true })
      await scene.done()
      expect(killed.exitCode).to.equal(129)
      expect(existsSync(fileOf(stateFolder))).to.be.true
      expect(await waitingOf(lab)).to.equal(undefined)
      expect((await status(lab)).stdout).to.not.contain('Waiting')
      letGo()
      const next = await night('ours', lab, stateFolder)
      expect(next.image('.sparsebundle').verdict).to.equal('proven')
      expect(existsSync(fileOf(stateFolder))).to.be.false
    })
  })

  describe('for an image that a client has open', () => {
    before(function () {
      needClient(this)
    })
    afterEach(stopClients)

    it('ends when it is closed there, and status tells of it here', async () => {
      const set = await clientSet({ config: { policies } })
      const descriptor = openSync(join(set.work, 'token'), 'r')
      // Whoever calls the client, as this process does, is passed over there.
      const holder = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
      closeSync(descriptor)
      const scene = during(async () => {
        try {
          const { images } = await waitsFor(set.stateFolder, 'root')
          expect(images[0]?.path).to.match(/alice\/Work\.sparsebundle$/)
          expect(await waitingOf(set.lab)).to.deep.equal(images)
        } finally {
          holder.kill('SIGKILL')
        }
      })
      const { image } = await set.night(scene)
      await scene.done()
      expect(image('alice/Work.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
      expect(existsSync(fileOf(set.stateFolder))).to.be.false
    })
  })
})
