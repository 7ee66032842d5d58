import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { processIdentity } from '../../../lib/lbackup/process-chain.js'
import { putBlock } from '../../../lib/link/apply.js'
import { defaultTools, realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { realEyes } from '../../../lib/watch/eyes.js'
import type { WatchOrder } from '../../../lib/watch/order.js'
import type { Eyes } from '../../../lib/watch/watch.js'
import { temporaryFolder } from '../../support/temporary.js'

const anHour = 3_600_000

describe('the eyes of a watch', () => {
  let folder: string
  let image: string
  let call: AbortController
  let eyes: Eyes

  beforeEach(async () => {
    folder = temporaryFolder()
    image = join(folder, 'source/bob/bob.sparsebundle')
    mkdirSync(join(image, 'bands'), { recursive: true })
    writeFileSync(join(folder, 'excludes.txt'), '*.tmp')
    const system = realSystem({ platform: 'auto', commandSeconds: 10 })
    const lbackup = await processIdentity(system)
    if (lbackup === undefined) throw new Error('this process is not among the processes')
    const { dev: device, ino: inode } = lstatSync(join(folder, 'source'))
    call = new AbortController()
    const order: WatchOrder = {
      run: 'run-1',
      stateFolder: fromText(folder),
      images: [
        {
          slot: 'bob',
          user: 'bob',
          container: 'sparse-bundle',
          places: [fromText(image), fromText(join(folder, 'source/.bob/bob.sparsebundle'))],
          device,
          inode: lstatSync(image).ino,
          state: 'detached',
        },
      ],
      source: { path: fromText(join(folder, 'source')), device, inode },
      excludesFile: fromText(join(folder, 'excludes.txt')),
      lbackup,
      interval: 2,
      until: Date.now() + anHour,
      platform: 'linux',
      tools: defaultTools,
      commandSeconds: 10,
    }
    eyes = realEyes(order, call.signal)
  })

  it('wait no longer where the system hints at a change in an image or of its place, or where they are called', async () => {
    for (const change of [
      () => writeFileSync(join(image, 'token'), '1'),
      () => renameSync(image, `${image}.away`),
      () => call.abort(),
    ]) {
      const waited = eyes.wait(anHour)
      change()
      await waited
    }
  })

  it('see that what is copied is another folder, or none', () => {
    expect(eyes.sourceStands()).to.be.true
    renameSync(join(folder, 'source'), join(folder, 'away'))
    expect(eyes.sourceStands()).to.be.false
    mkdirSync(join(folder, 'source'))
    expect(eyes.sourceStands()).to.be.false
  })

  it('take the block of their run out, and no harm comes of an excludes file that is gone', () => {
    const path = join(folder, 'excludes.txt')
    putBlock(fromText(path), { rules: [] }, { run: 'run-1', lbackupPid: 1, lbackupStarted: 1 })
    eyes.takeBlockOut()
    expect(readFileSync(path, 'utf8')).to.equal('*.tmp')
    renameSync(path, `${path}.away`)
    eyes.takeBlockOut()
    expect(existsSync(path)).to.be.false
  })

  it('know who is logged in, and that something was mounted', async () => {
    expect(await eyes.loggedIn()).to.be.instanceOf(Set)
    expect(eyes.mounts()).to.contain('/proc')
  })
})
