import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest } from '../support/mac/index.js'
import { skip } from '../support/skip.js'
import { until } from '../support/fault/until.js'
import { runCli } from '../unit/cli/run.js'
import { needClient, stopClients } from './support/client-night.js'
import {
  childrenOf,
  endScenes,
  fillBands,
  heldScene,
  heldSceneOverSsh,
  stateOf,
  type HeldScene,
} from './support/held-rsync.js'
import { night, type Night, type NightOptions } from './support/night.js'

const copyOf = ({ lab }: HeldScene): string => join(lab.destination, 'Section.0/source/bob/bob.sparsebundle')

/** A night in which rsync is held in the middle of bob's image while that is done. */
async function during(scene: HeldScene, act: () => Promise<void>, options: NightOptions = {}): Promise<Night> {
  const [result] = await Promise.all([
    night('ours', scene.lab, scene.stateFolder, { occasions: [scene.hold], ...options }),
    // What happens before the watch has seen anything is no matter of a pause.
    scene.held.then(() => scene.told(/"begin"/)).then(act),
  ])
  return result
}

/** Bob logs in, and rsync stands still for it. */
async function paused(scene: HeldScene): Promise<void> {
  scene.mac.logIn('bob')
  await scene.told(/"paused"/)
  await until('rsync to stand still', () => states(scene).every((state) => state === 'T'))
}

const states = (scene: HeldScene): (string | undefined)[] => scene.pids().rsync.map(stateOf)
const goesOn = (scene: HeldScene): Promise<void> =>
  until('rsync to go on', () => states(scene).every((state) => state !== 'T'))
const details = (scene: HeldScene, wanted: string): (string | undefined)[] =>
  scene.journal().events.flatMap(({ event, detail }) => (event === wanted ? [detail] : []))
const watchOf = (scene: HeldScene): number => scene.journal().process?.pid ?? 0
const guardOf = (scene: HeldScene): number => childrenOf(watchOf(scene), /guard\.js/)[0] ?? 0

describe('a login while rsync copies the image, with pauses', function () {
  this.timeout(90_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
  })
  afterEach(endScenes)

  it('makes rsync stand still until the logout; the copy is whole, and the pause is told', async () => {
    const scene = heldScene({ mode: 'pause' })
    const result = await during(scene, async () => {
      await paused(scene)
      await scene.told(/"attached"/)
      scene.mac.logOut('bob')
      await scene.told(/"resumed"/)
      await goesOn(scene)
    })
    const [pause] = scene.journal().events.filter(({ event }) => event === 'paused')
    expect(pause?.processes?.map(({ pid }) => pid).sort()).to.deep.equal([...scene.pids().rsync].sort())
    expect(scene.pids().rsync, 'sender, generator, receiver').to.have.length(3)
    expect(scene.journal().whole).to.equal(true)
    expect(result.exitCode).to.equal(0)
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.image('bob.sparsebundle').reason).to.match(
      /had rsync paused for \d+ s because it .*until the image was at rest again,.* at \d\d:\d\d:\d\d UTC/,
    )
    expect(imageDigest(copyOf(scene))).to.equal(imageDigest(scene.mac.imageOf('bob')))
  })

  it('lets rsync go on once maxPauseMinutes are over, and pauses no more', async () => {
    const scene = heldScene({ mode: 'pause', maxPauseMinutes: 0.02 })
    await during(scene, async () => {
      await paused(scene)
      await scene.told(/"resumed"/)
      await goesOn(scene)
    })
    expect(details(scene, 'resumed')).to.have.length(1)
    expect(details(scene, 'resumed')[0]).to.match(/^watch\.maxPauseMinutes were over/)
    expect(details(scene, 'paused')).to.have.length(1)
  })

  it('pauses nothing where that is not wanted', async () => {
    const scene = heldScene({ mode: 'note' })
    await during(scene, async () => {
      scene.mac.logIn('bob')
      await scene.told(/"attached"/)
      expect(stateOf(scene.pids().rsync[0] ?? 0)).not.to.equal('T')
      for (const pid of scene.pids().rsync) process.kill(pid, 'SIGCONT')
    })
    expect(details(scene, 'paused')).to.deep.equal([])
  })

  it('does not pause rsync in a mounted volume, whose user could not log out then', async () => {
    const scene = heldScene({ mode: 'pause' })
    scene.mac.change(({ attached }) =>
      attached?.push({ path: '/elsewhere/homes.sparsebundle', mountPoints: [join(scene.lab.source)] }),
    )
    await during(scene, async () => {
      scene.mac.logIn('bob')
      await scene.told(/"not-paused"/)
      expect(stateOf(scene.pids().rsync[0] ?? 0)).not.to.equal('T')
      expect(details(scene, 'paused')).to.deep.equal([])
      // Once the sender has left the volume, the receiver may be made to stand still.
      scene.mac.logOut('bob')
      for (const pid of scene.pids().rsync) process.kill(pid, 'SIGCONT')
    })
    expect(details(scene, 'not-paused')).to.deep.equal([
      'rsync was in a mounted volume of an image, which could not be detached then',
    ])
  })

  it('whose watch is killed meanwhile: the guard lets rsync go on', async () => {
    const scene = heldScene({ mode: 'pause' })
    const result = await during(scene, async () => {
      await paused(scene)
      process.kill(watchOf(scene), 'SIGKILL')
      await goesOn(scene)
      await scene.told(/"resumed"/)
    })
    expect(details(scene, 'resumed')).to.deep.equal(['the watch was gone'])
    expect(result.codes).to.include('watch-ended-early')
  })

  it('whose watch stands still meanwhile: the guard lets rsync go on, and the watch pauses no more', async () => {
    const scene = heldScene({ mode: 'pause' })
    await during(scene, async () => {
      await paused(scene)
      process.kill(watchOf(scene), 'SIGSTOP')
      await goesOn(scene)
      await scene.told(/"resumed"/)
      process.kill(watchOf(scene), 'SIGCONT')
    })
    expect(details(scene, 'resumed')).to.deep.equal(['the watch stood still'])
    expect(details(scene, 'paused')).to.have.length(1)
    expect(scene.journal().whole).to.equal(true)
  })

  it('whose guard is killed meanwhile: the watch lets rsync go on, and pauses no more', async () => {
    const scene = heldScene({ mode: 'pause' })
    await during(scene, async () => {
      await paused(scene)
      process.kill(guardOf(scene), 'SIGKILL')
      await goesOn(scene)
      await scene.told(/"resumed"/)
    })
    expect(details(scene, 'resumed')[0]).to.match(/^the guard of the pause was gone/)
    expect(details(scene, 'paused')).to.have.length(1)
    expect(scene.journal().whole).to.equal(true)
  })

  it('is asked to end meanwhile: rsync goes on', async () => {
    const scene = heldScene({ mode: 'pause' })
    await during(scene, async () => {
      await paused(scene)
      process.kill(watchOf(scene), 'SIGTERM')
      await goesOn(scene)
      await scene.told(/"end"/)
    })
    expect(details(scene, 'resumed')[0]).to.match(/^the watch ended/)
    expect(scene.journal().whole).to.equal(true)
  })

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    it(`while LBackup is ended by ${signal}: rsync is not left standing`, async () => {
      const scene = heldScene({ mode: 'pause' })
      await during(
        scene,
        async () => {
          await paused(scene)
          process.kill(scene.pids().lbackup, signal)
          await goesOn(scene)
          await scene.told(/"end"/)
        },
        { broken: true },
      )
      expect(details(scene, 'resumed')[0]).to.match(/^LBackup was gone|^the watch ended/)
    })
  }

  /** Watch and guard die, and nobody is left. */
  async function abandoned(scene: HeldScene): Promise<void> {
    await paused(scene)
    const [watcher, guard] = [watchOf(scene), guardOf(scene)]
    process.kill(watcher, 'SIGSTOP')
    process.kill(guard, 'SIGKILL')
    await until('the guard to be gone', () => ['Z', undefined].includes(stateOf(guard)))
    process.kill(watcher, 'SIGKILL')
    await until('the watch to be gone', () => stateOf(watcher) === undefined)
    expect(states(scene)).to.deep.equal(['T', 'T', 'T'])
  }

  it('whose watch and guard are killed: status --alarm lets rsync go on and says so', async () => {
    const scene = heldScene({ mode: 'pause' })
    const status = (...more: string[]) => runCli('status', '--config', scene.lab.configurationFile, ...more)
    const result = await during(scene, async () => {
      await paused(scene)
      expect((await status('--alarm')).stdout, 'a pause with its watch is no fault').not.to.contain('stood still')
      expect(states(scene)).to.deep.equal(['T', 'T', 'T'])
      await abandoned(scene)
      const plain = await status()
      expect(plain.stdout).to.match(/^error: LBackup's rsync .* stood still since .*\n {2}Let it go on, .*kill -CONT/m)
      expect(states(scene), 'status alone only looks').to.deep.equal(['T', 'T', 'T'])
      const alarm = await status('--alarm')
      expect(alarm.stdout).to.match(
        /^warning: LBackup's rsync \(process [\d, ]+\) stood still since .*; it goes on now\./m,
      )
      await goesOn(scene)
      expect((await status('--alarm')).stdout).not.to.contain('stood still')
    })
    expect(details(scene, 'resumed')).to.deep.equal(['status --alarm let it'])
    expect(result.exitCode).to.equal(0)
  })

  it('whose watch, guard and LBackup are killed: the next pre-backup hook lets rsync go on and says so', async () => {
    const scene = heldScene({ mode: 'pause' })
    await during(
      scene,
      async () => {
        await abandoned(scene)
        process.kill(scene.pids().lbackup, 'SIGKILL')
      },
      { broken: true },
    )
    scene.mac.logOut('bob')
    rmSync(scene.lab.lockFile, { force: true })
    let said: string | undefined
    const next = await night('ours', scene.lab, scene.stateFolder, {
      at: {
        'before-rsync': async () => {
          said = scene.lab.log()
          await until('the old rsync to end', () => states(scene).every((state) => state === undefined))
        },
      },
    })
    expect(said).to.match(/WARNING! LBackup's rsync .* stood still since .*; it goes on now\./)
    expect(next.exitCode).to.equal(0)
  })
})

describe('a login while rsync copies the image, with stop', function () {
  this.timeout(90_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
  })
  afterEach(endScenes)

  it('ends rsync; LBackup fails and every section stays as it is', async () => {
    const scene = heldScene({ mode: 'stop' })
    const { lab, mac, stateFolder } = scene
    await night('ours', lab, stateFolder)
    const before = imageDigest(copyOf(scene))
    fillBands(mac, 2)
    const result = await during(scene, async () => {
      mac.logIn('bob')
      await scene.told(/"stopped"/)
      for (const pid of scene.pids().rsync) process.kill(pid, 'SIGCONT')
    })
    expect(result.exitCode).to.equal(255)
    expect(result.log).to.contain('(code 20)')
    expect(result.sections).to.deep.equal(['Section.0', 'Section.inprogress'])
    expect(imageDigest(copyOf(scene))).to.equal(before)
    expect(result.codes).to.deep.equal(['no-new-section', 'rsync-stopped'])
    expect(result.said.join('\n')).to.match(
      /WARNING! The watch ended rsync at .* because rsync was copying \S+bob\.sparsebundle and it (left its place|was attached by .*); LBackup failed/,
    )
  })
})

describe('a login on a client while rsync pulls the image, with pauses', function () {
  this.timeout(120_000)
  before(function () {
    needClient(this)
  })
  afterEach(endScenes)
  afterEach(stopClients)

  it('makes the end of rsync here stand still until the logout', async () => {
    const scene = await heldSceneOverSsh({ mode: 'pause' })
    const result = await during(scene, async () => {
      await paused(scene)
      scene.mac.logOut('bob')
      await scene.told(/"resumed"/)
      await goesOn(scene)
      for (const pid of scene.pids().held) process.kill(pid, 'SIGCONT')
    })
    expect(details(scene, 'resumed')).to.deep.equal(['the image was at rest again'])
    const [pause] = scene.journal().events.filter(({ event }) => event === 'paused')
    expect(pause?.processes?.map(({ pid }) => pid).sort()).to.deep.equal([...scene.pids().rsync].sort())
    expect(result.image('bob.sparsebundle').reason).to.match(/had rsync paused for \d+ s because it /)
    expect(imageDigest(copyOf(scene))).to.equal(imageDigest(scene.mac.imageOf('bob')))
  })
})
