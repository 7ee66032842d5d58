import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ThreadOrder } from '../../../lib/staging/freeze-tasks.js'
import { endStaging } from '../../../lib/staging/remove.js'
import { inWorker } from '../../../lib/system/worker.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { rewrite } from '../../scenario/support/set.js'
import { loopDisk, unmountLoopDisks } from '../../support/loop-disk.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { slot, stagingLab } from './lab.js'

describe('an image that cannot be frozen', function () {
  this.timeout(120_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  afterEach(unmountReflinkDisks)
  afterEach(unmountLoopDisks)

  it('keeps no other from it: nobody may open a file of it', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
    const [eve, holder] = [lab.another('eve'), await leased(join(lab.image, 'bands/0'))]
    try {
      const { images, refused } = await lab.stage({ images: [lab.subject(), eve] })
      expect(refused.get(slot)).to.match(/bands\/0 cannot be used \(EAGAIN\)/)
      expect([...images.keys()]).to.deep.equal([eve.slot])
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
  })

  it('keeps no other from it: a file of it has all names that there can be', async function () {
    const lab = stagingLab(loopDisk(this, temporaryFolder()).path)
    const [aside, eve] = [join(lab.home, 'aside'), lab.another('eve')]
    mkdirSync(aside)
    for (let at = 1; at < mostNames; at += 1) linkSync(join(lab.image, 'bands/0'), join(aside, String(at)))
    const { images, refused } = await lab.stage({ hardLinks: true, images: [lab.subject(), eve] })
    if (refused.has(eve.slot)) skip(this, refused.get(eve.slot) ?? '')
    expect(refused.get(slot)).to.match(/homes\/bob\/bob\.sparsebundle\/bands\/0 has as many names as its volume allows/)
    expect([...images.keys()]).to.deep.equal([eve.slot])
    await endStaging(lab.system, lab.stateFolder)
    expect(lab.standing()).to.deep.equal([])
  })

  it('keeps no other from it: it lies on another mount of its volume', async function () {
    const lab = stagingLab(loopDisk(this, temporaryFolder()).path)
    const other = join(lab.folder, 'mounted')
    mkdirSync(other)
    execFileSync('mount', ['--bind', lab.home, other])
    try {
      const path = fromText(join(other, 'bob.sparsebundle'))
      const eve = lab.another('eve')
      const { images, refused } = await lab.stage({ hardLinks: true, images: [lab.subject({ path }), eve] })
      if (refused.has(eve.slot)) skip(this, refused.get(eve.slot) ?? '')
      expect(refused.get(slot)).to.match(/cannot get a second name in the staging folder, which is mounted at another/)
      expect([...images.keys()]).to.deep.equal([eve.slot])
    } finally {
      execFileSync('umount', [other])
    }
  })

  it('is never frozen without its bands where these are a subvolume, of which a snapshot holds nothing', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'btrfs'))
    const [bands, aside] = [join(lab.image, 'bands'), join(lab.folder, 'aside')]
    renameSync(bands, aside)
    execFileSync('btrfs', ['subvolume', 'create', bands], { stdio: 'pipe' })
    execFileSync('cp', ['-a', '--reflink=always', `${aside}/.`, bands])
    const request = lab.request({ images: [lab.subject({ atRest: false })] })
    let changed = false
    const { images, refused } = await lab.stage({
      ...request,
      // As of an image in use, which changes at any moment: its bands cannot be counted.
      look: (orders) => {
        if (!changed) rewrite(join(bands, '1'), 60)
        changed = true
        return request.look(orders)
      },
    })
    expect(images.size).to.equal(0)
    expect(refused.get(slot)).to.match(/snapshot\/homes\/bob\/bob\.sparsebundle\/bands is another volume/)
    expect(lab.standing()).to.deep.equal([])
  })

  it('fills no memory with the names of its members, however many they are', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
    for (let at = 0; at < manyNames; at += 1)
      linkSync(join(lab.image, 'token'), join(lab.image, `bands/of-${String(at)}`))
    const into = fromText(join(lab.staging, 'slot'))
    mkdirSync(join(lab.staging, 'slot'))
    const { path, inode, container, name } = lab.subject()
    const order: ThreadOrder = { from: path, container, inode, into, name, how: 'hard-link', deadline: Infinity }
    const tasks = new URL('../../../lib/staging/freeze-tasks.js', import.meta.url)
    const members = await inWorker(tasks, 'freeze', order, { timeoutSeconds: 100, memoryMebibytes: 24 })
    expect(members).to.be.above(manyNames)
  })

  it('is taken on a thread of its own where it is large, however few its members are', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
    let threads = 0
    const count = (): void => void (threads += 1)
    process.on('worker', count)
    try {
      await lab.stage()
      expect(threads).to.equal(0)
      const { images } = await lab.stage({ images: [{ ...lab.subject({ live: 'before' }), bytes: 2 ** 31 }] })
      expect(threads).to.equal(1)
      expect(images.get(slot)?.entry.kind).to.equal('clone')
    } finally {
      process.off('worker', count)
    }
  })
})

/** Names that a file can have on ext4. */
const mostNames = 65_000

/** As an array they need more than 24 MiB. */
const manyNames = 200_000

/** Holds a file as its owner may, so that nobody opens it (fcntl(2), F_SETLEASE) until the process ends. */
async function leased(path: string): Promise<ChildProcess> {
  const program =
    '$SIG{IO} = "IGNORE"; open(F, "+<", $ARGV[0]) or die; fcntl(F, 1024, 1) or die; $| = 1; print "held"; sleep'
  const holder = spawn('perl', ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  return holder
}
