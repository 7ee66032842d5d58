import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { abilitiesOf } from '../../../lib/staging/abilities.js'
import { freeze, thaw } from '../../../lib/staging/freeze.js'
import { endStaging } from '../../../lib/staging/remove.js'
import { closeFolder, openFolder } from '../../../lib/system/folder.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { filesIn, rewrite, writeImage } from '../../scenario/support/set.js'
import { loopDisk, unmountLoopDisks } from '../../support/loop-disk.js'
import { imageDigest } from '../../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks, type ReflinkKind } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { codeOf, owner, slot, stagingLab, type StagingLab } from './lab.js'

const kinds: readonly ReflinkKind[] = ['btrfs', 'xfs']

/** Files as rsync compares them: size, mode, owner, time and bytes; not which files they are. */
const dressed = (folder: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(filesIn(folder)).map(([name, text]) => {
      const [, size, mode, uid, gid, time, digest] = text.split(' ')
      return [name, [size, mode, uid, gid, Math.floor(Number(time)), digest].join(' ')]
    }),
  )

describe('a staging folder', function () {
  this.timeout(120_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  afterEach(unmountReflinkDisks)
  afterEach(unmountLoopDisks)

  for (const kind of kinds) {
    describe(`on ${kind}`, () => {
      let lab: StagingLab
      beforeEach(function () {
        lab = stagingLab(reflinkDisk(this, temporaryFolder(), kind))
      })

      it('holds a clone that rsync takes for unchanged: owner, modes and times are those of the image', async () => {
        chmodSync(join(lab.image, 'token'), 0o640)
        const { images, refused } = await lab.stage()
        expect([...refused]).to.deep.equal([])
        expect(images.get(slot)?.entry).to.include({ kind: 'clone', standing: true, kept: false })
        expect(images.get(slot)?.entry.atRestSince).to.be.a('string')
        expect(dressed(lab.place)).to.deep.equal(dressed(lab.image))
        for (const name of ['', 'bands']) {
          const [there, here] = [lstatSync(join(lab.image, name)), lstatSync(join(lab.place, name))]
          expect([here.uid, here.gid, here.mode]).to.deep.equal([there.uid, there.gid, there.mode])
          // Node keeps microseconds.
          expect(here.mtimeMs).to.be.closeTo(there.mtimeMs, 0.001)
        }
        // The real judge: nothing is to be transferred, not even a time set.
        const changes = execFileSync('rsync', ['-ain', `${lab.image}/`, `${lab.place}/`], {
          encoding: 'utf8',
        })
        expect(changes).to.equal('')
        expect(lstatSync(join(lab.image, 'token')).nlink).to.equal(1)
      })

      it('shares no later change with the image', async () => {
        const before = imageDigest(lab.image)
        await lab.stage()
        rewrite(join(lab.image, 'bands/0'))
        expect(imageDigest(lab.place)).to.equal(before)
      })

      it('is made again to the same end, and emptied as often as wanted', async () => {
        await lab.stage()
        const again = await lab.stage()
        expect(again.images.get(slot)?.entry.kind).to.equal('clone')
        expect(lab.standing()).to.deep.equal([slot])
        for (let round = 0; round < 2; round += 1) await endStaging(lab.system, lab.stateFolder)
        expect([lab.standing(), lab.book()]).to.deep.equal([[], undefined])
      })

      it('does not say of an image that changed or came into use meanwhile that it was at rest', async () => {
        const inUse = await lab.stage({ atRest: () => Promise.resolve(new Set()) })
        expect(inUse.images.get(slot)).to.include({ atRest: false })
        expect(inUse.images.get(slot)?.entry.atRestSince).to.equal(undefined)
        const subject = lab.subject()
        rewrite(join(lab.image, 'bands/1'), 60)
        const changed = await lab.stage({ images: [subject] })
        expect(changed.images.get(slot)).to.include({ atRest: false })
      })

      it('is refused below the reserve, with nothing left in it', async () => {
        expect(await codeOf(() => lab.stage({ reservePercent: 99.9 }))).to.equal('staging-no-room')
        expect([lab.standing(), lab.book()]).to.deep.equal([[], undefined])
      })

      it('takes no member of somebody else, no other image, and no link', async () => {
        const secret = join(lab.folder, 'secret')
        writeFileSync(secret, 'secret of root')
        linkSync(secret, join(lab.image, 'bands/9'))
        const foreign = await lab.stage()
        expect(foreign.refused.get(slot)).to.match(/bands\/9 belongs to somebody else than the image does/)
        expect(lab.standing()).to.deep.equal([])
        unlinkSync(join(lab.image, 'bands/9'))
        symlinkSync(secret, join(lab.image, 'bands/9'))
        await lab.stage()
        expect(readdirSync(join(lab.place, 'bands'))).not.to.include('9')
        await endStaging(lab.system, lab.stateFolder)
        const subject = lab.subject()
        renameSync(lab.image, join(lab.home, 'mine'))
        symlinkSync(join(lab.home, 'mine'), lab.image)
        const swapped = await lab.stage({ images: [subject] })
        expect(swapped.images.size).to.equal(0)
        unlinkSync(lab.image)
        writeImage(lab.image, 'another')
        const another = await lab.stage({ images: [subject] })
        expect(another.refused.get(slot)).to.match(/not the image any more that was looked at/)
        expect(lab.standing()).to.deep.equal([])
      })

      it('keeps what was frozen at rest, for a run after the image came into use; and lets it go when asked', async () => {
        const before = imageDigest(lab.image)
        const frozen = await freeze({ ...lab.request(), image: lab.subject() })
        expect('entry' in frozen && frozen.entry).to.include({ kept: true, standing: true, kind: 'clone' })
        await endStaging(lab.system, lab.stateFolder)
        expect(lab.standing(), 'after a run').to.deep.equal([slot])
        rewrite(join(lab.image, 'bands/0'), 60)
        const { images } = await lab.stage({ images: [], asFrozen: new Set([slot]) })
        expect(images.get(slot)).to.include({ asFrozen: true })
        expect(imageDigest(lab.place)).to.equal(before)
        await thaw(lab.system, lab.stateFolder, slot)
        expect(lab.standing()).to.deep.equal([])
      })

      it('trusts nothing frozen that was touched since', async () => {
        await freeze({ ...lab.request(), image: lab.subject() })
        rewrite(join(lab.place, 'bands/0'))
        const { images, refused } = await lab.stage({ images: [], asFrozen: new Set([slot]) })
        expect(images.size).to.equal(0)
        expect(refused.get(slot)).to.match(/not any more what it was/)
        expect(lab.standing()).to.deep.equal([])
      })

      it('calls nothing whole that somebody took a band from while it was made', async () => {
        const request = lab.request()
        const { images, refused } = await lab.stage({
          look: (orders) => {
            const made = orders.find(({ path }) => path.startsWith(fromText(lab.staging)))
            if (made !== undefined) unlinkSync(join(made.path, 'bands/1'))
            return request.look(orders)
          },
        })
        expect(images.size).to.equal(0)
        expect(refused.get(slot)).to.match(/could not be frozen whole: bands of it are missing/)
        expect(lab.standing()).to.deep.equal([])
      })

      it('freezes nothing that came into use meanwhile', async () => {
        const came = await freeze({ ...lab.request(), image: lab.subject(), atRest: () => Promise.resolve(new Set()) })
        expect('because' in came && came.because).to.match(/came into use/)
        expect(lab.standing()).to.deep.equal([])
      })
    })
  }

  describe('of an image in use', () => {
    it('is of one moment on btrfs, as after a power cut, whatever is written meanwhile', async function () {
      const disk = reflinkDisk(this, temporaryFolder(), 'btrfs')
      execFileSync('btrfs', ['subvolume', 'create', join(disk, 'users')], { stdio: 'pipe' })
      const lab = stagingLab(disk)
      const image = join(disk, 'users/live.sparsebundle')
      writeImage(image, 'live', { bands: order.map((index) => ({ index, length: 8192 })), virtualBytes: 2 ** 31 })
      // Writes one number into each band in turn, each to the disk before the next: a power cut at any moment leaves them
      // at most one apart, and none newer than one before it.
      const writer = spawn(process.execPath, ['-e', writing, join(image, 'bands')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(writer.stdout, 'data')
      try {
        for (let round = 0; round < 10; round += 1) {
          const path = fromText(image)
          const subject = lab.subject({ path, atRest: false, inode: lstatSync(image).ino })
          const { images, refused } = await lab.stage({ images: [subject] })
          expect([...refused]).to.deep.equal([])
          expect(images.get(slot)?.entry).to.include({ kind: 'snapshot' })
          expect(images.get(slot)?.entry.atRestSince).to.equal(undefined)
          const numbers = order.map((index) =>
            readFileSync(join(lab.place, 'bands', index.toString(16))).readUInt32BE(0),
          )
          expect(isOneMoment(numbers), `round ${String(round)}: ${numbers.join()}`).to.be.true
        }
      } finally {
        writer.kill('SIGKILL')
        await once(writer, 'exit')
      }
      expect(execFileSync('btrfs', ['subvolume', 'list', disk], { encoding: 'utf8' })).not.to.contain('snapshot')
    })

    it('is a clone, and of no one moment, where there are no snapshots', async function () {
      const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
      const { images } = await lab.stage({ images: [lab.subject({ atRest: false })] })
      expect(images.get(slot)?.entry).to.include({ kind: 'clone' })
      expect(images.get(slot)).to.include({ atRest: false })
    })

    it('counts as not possible where the tool for snapshots fails', async function () {
      const system = realSystem({ platform: 'linux', tools: { btrfs: '/bin/false' }, commandSeconds: 20 })
      const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'btrfs'), { system })
      const { images, refused } = await lab.stage({ images: [lab.subject({ atRest: false })] })
      expect(images.size).to.equal(0)
      expect(refused.get(slot)).to.match(/No snapshot could be used: \/bin\/false failed with code 1/)
      expect(lab.standing()).to.deep.equal([])
    })
  })

  it('has nothing left of a run that died over a snapshot, by whoever comes next', async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'btrfs')
    const lab = stagingLab(disk)
    const left = (): void => {
      mkdirSync(join(lab.staging, '.new'))
      const snapshot = ['subvolume', 'snapshot', '-r', disk, join(lab.staging, '.new/snapshot')]
      execFileSync('btrfs', snapshot, { stdio: 'pipe' })
    }
    left()
    const { images } = await lab.stage({ images: [lab.subject({ atRest: false })] })
    expect(images.get(slot)?.entry).to.include({ kind: 'snapshot' })
    left()
    await endStaging(lab.system, lab.stateFolder)
    expect(lab.standing()).to.deep.equal([])
    expect(execFileSync('btrfs', ['subvolume', 'list', disk], { encoding: 'utf8' })).to.equal('')
    expect(imageDigest(lab.image)).to.be.a('string')
  })

  it('takes a large image on a thread of its own, to the same end', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
    const many = join(lab.image, 'many')
    mkdirSync(many)
    for (let at = 0; at < 8200; at += 1) writeFileSync(join(many, String(at)), '')
    for (const name of ['', ...readdirSync(many)]) chownSync(join(many, name), owner, owner)
    const { images, refused } = await lab.stage({ images: [{ ...lab.subject(), members: 8200 }] })
    expect([...refused]).to.deep.equal([])
    expect(images.get(slot)?.entry.atRestSince).to.be.a('string')
    expect(dressed(lab.place)).to.deep.equal(dressed(lab.image))
    chownSync(join(lab.image, 'bands/0'), 0, 0)
    const odd = await lab.stage({ images: [{ ...lab.subject(), members: 8200 }] })
    expect(odd.refused.get(slot)).to.match(/bands\/0 belongs to somebody else/)
  })

  describe('where nothing can be cloned', () => {
    let lab: StagingLab
    beforeEach(function () {
      lab = stagingLab(loopDisk(this, temporaryFolder()).path)
    })

    it('holds nothing, and says why', async () => {
      const { refused } = await lab.stage()
      expect(refused.get(slot)).to.equal('its volume cannot clone files; source.hardLinks does not ask for hard links')
      expect(lab.standing()).to.deep.equal([])
    })

    it('holds hard links where they are asked for, which are gone afterwards', async () => {
      const { images, refused } = await lab.stage({ hardLinks: true })
      if (refused.size > 0) expect(refused.get(slot)).to.match(/serves files to others/)
      else {
        expect(images.get(slot)?.entry).to.include({ kind: 'hard-link' })
        expect(images.get(slot)?.entry.atRestSince).to.equal(undefined)
        expect(lstatSync(join(lab.image, 'bands/0')).nlink).to.equal(2)
      }
      await endStaging(lab.system, lab.stateFolder)
      expect(lstatSync(join(lab.image, 'bands/0')).nlink).to.equal(1)
      expect(existsSync(join(lab.image, 'bands/0'))).to.be.true
    })

    it('holds none of them for longer where a clone was kept before', async function () {
      const kept = stagingLab(reflinkDisk(this, temporaryFolder(), 'btrfs'))
      await freeze({ ...kept.request(), image: kept.subject() })
      for (const name of readdirSync(kept.image).filter((one) => one !== 'bands')) unclonable(join(kept.image, name))
      const { images, refused } = await kept.stage({ hardLinks: true })
      if (refused.size > 0) expect(refused.get(slot)).to.match(/serves files to others/)
      else expect(images.get(slot)?.entry).to.include({ kind: 'hard-link', kept: false })
      await endStaging(kept.system, kept.stateFolder)
      expect(lstatSync(join(kept.image, 'bands/0')).nlink).to.equal(1)
    })

    it('never holds hard links on macOS, of an image in use, or of what is on another volume', async function () {
      const mac = { ...lab.system, platform: 'macos' as const }
      const onMac = await lab.stage({ system: mac, hardLinks: true })
      expect(onMac.images.size).to.equal(0)
      const work = openFolder(fromText(lab.staging))
      expect(abilitiesOf(mac, work, lab.subject(), true).hardLink).to.match(/newest macOS opens no image/)
      closeFolder(work)
      const inUse = await lab.stage({ hardLinks: true, images: [lab.subject({ atRest: false })] })
      expect(inUse.images.size).to.equal(0)
      const other = stagingLab(reflinkDisk(this, temporaryFolder(), 'btrfs'))
      const { refused } = await other.stage({ hardLinks: true, images: [lab.subject()] })
      expect(refused.get(slot)).to.match(
        /another volume than the staging folder.*; hard links do not reach another volume/,
      )
      expect(lstatSync(join(lab.image, 'bands/0')).nlink).to.equal(1)
    })
  })

  describe('is refused', () => {
    const refusals: Record<string, (lab: StagingLab) => void> = {
      'with something foreign in it': ({ staging }) => writeFileSync(join(staging, 'letter'), 'of somebody'),
      'as a link': ({ staging, folder }) => {
        renameSync(staging, join(folder, 'elsewhere'))
        symlinkSync(join(folder, 'elsewhere'), staging)
      },
      'of another owner': ({ staging }) => chownSync(staging, owner, owner),
      'where others could swap it': ({ folder }) => chmodSync(folder, 0o777),
      'as a file': ({ staging }) => {
        renameSync(staging, `${staging}.aside`)
        writeFileSync(staging, '')
      },
    }
    for (const [what, change] of Object.entries(refusals)) {
      it(`${what}, and nothing is touched`, async () => {
        const lab = stagingLab(temporaryFolder())
        change(lab)
        expect(await codeOf(() => lab.stage())).to.be.oneOf(['staging-refused', 'not-a-folder', 'link-refused'])
        if (existsSync(join(lab.staging, 'letter')))
          expect(readFileSync(join(lab.staging, 'letter'), 'utf8')).to.equal('of somebody')
        expect(lab.book()).to.equal(undefined)
      })
    }

    it('in the backup itself, or around it', async () => {
      const lab = stagingLab(temporaryFolder())
      for (const apart of [lab.folder, join(lab.staging, 'destination')])
        expect(await codeOf(() => lab.stage({ apart: [fromText(apart)] }))).to.equal('staging-refused')
    })

    it('where it is not known what in it is ours', async () => {
      const lab = stagingLab(temporaryFolder())
      writeFileSync(join(lab.folder, 'state/staging.json'), '{"schema":"staging/1"}')
      expect(await codeOf(() => lab.stage())).to.equal('staging-book-damaged')
    })
  })

  describe('shows plain folders', () => {
    let lab: StagingLab
    beforeEach(() => {
      lab = stagingLab(temporaryFolder())
      mkdirSync(join(lab.folder, 'homes/alice'))
      writeFileSync(join(lab.folder, 'homes/alice/letter'), 'dear bob')
    })
    afterEach(async () => {
      await endStaging(lab.system, lab.stateFolder, { keep: false }).catch(() => undefined)
    })
    const alice = (): string => join(lab.folder, 'homes/alice')
    const shown = (): string => join(lab.staging, 'alice')

    it('read-only, and takes them away without a look inside', async () => {
      await lab.stage({ images: [], folders: [fromText(alice())] })
      expect(readFileSync(join(shown(), 'letter'), 'utf8')).to.equal('dear bob')
      expect(() => writeFileSync(join(shown(), 'other'), '')).to.throw(/EROFS/)
      await lab.stage({ images: [], folders: [fromText(alice())] })
      expect(execFileSync('grep', ['-c', shown(), '/proc/self/mountinfo'], { encoding: 'utf8' }).trim()).to.equal('1')
      await endStaging(lab.system, lab.stateFolder)
      expect(lab.standing()).to.deep.equal([])
      expect(readFileSync(join(alice(), 'letter'), 'utf8')).to.equal('dear bob')
    })

    it('also where somebody stands in one', async () => {
      await lab.stage({ images: [], folders: [fromText(alice())] })
      const stander = spawn('sh', ['-c', 'echo here; exec sleep 600'], {
        cwd: shown(),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      await once(stander.stdout, 'data')
      try {
        await endStaging(lab.system, lab.stateFolder)
      } finally {
        stander.kill('SIGKILL')
        await once(stander, 'exit')
      }
      expect(lab.standing()).to.deep.equal([])
      expect(readdirSync(alice())).to.deep.equal(['letter'])
    })

    it('without what is mounted below them meanwhile, which stays mounted', async () => {
      const volume = join(temporaryFolder(), 'volume')
      mkdirSync(volume)
      execFileSync('mount', ['-t', 'tmpfs', 'homes', volume])
      // As systemd makes every mount.
      execFileSync('mount', ['--make-shared', volume])
      try {
        const shared = stagingLab(volume)
        const home = join(volume, 'homes/alice')
        mkdirSync(join(home, 'disk'), { recursive: true })
        await shared.stage({ images: [], folders: [fromText(home)] })
        execFileSync('mount', ['-t', 'tmpfs', 'hers', join(home, 'disk')])
        writeFileSync(join(home, 'disk/letter'), '')
        expect(readdirSync(join(shared.staging, 'alice/disk'))).to.deep.equal([])
        const open = openFolder(fromText(join(shared.staging, 'alice')))
        try {
          await endStaging(shared.system, shared.stateFolder)
        } finally {
          closeFolder(open)
        }
        expect(shared.standing()).to.deep.equal([])
        expect(readdirSync(join(home, 'disk'))).to.deep.equal(['letter'])
      } finally {
        execFileSync('umount', ['-R', volume])
      }
    })

    it('and touches nothing where it cannot unmount them', async () => {
      await lab.stage({ images: [], folders: [fromText(alice())] })
      const system = realSystem({ platform: 'linux', tools: { umount: '/bin/true' }, commandSeconds: 20 })
      expect(await codeOf(() => endStaging(system, lab.stateFolder))).to.equal('staging-left')
      expect(readdirSync(alice())).to.deep.equal(['letter'])
      expect(lab.book()?.entries.map(({ name }) => name)).to.deep.equal(['alice'])
    })

    it('and removes nothing below which somebody mounted something', async () => {
      await lab.stage({ images: [], folders: [fromText(alice())] })
      const below = join(lab.staging, 'alice')
      execFileSync('umount', [below])
      mkdirSync(join(below, 'inner'))
      execFileSync('mount', ['--bind', alice(), join(below, 'inner')])
      try {
        expect(await codeOf(() => endStaging(lab.system, lab.stateFolder))).to.equal('staging-left')
        expect(readdirSync(alice())).to.deep.equal(['letter'])
      } finally {
        execFileSync('umount', [join(below, 'inner')])
      }
    })

    it('never through a link that its user puts in its place', async () => {
      renameSync(alice(), `${alice()}.aside`)
      symlinkSync('/etc', alice())
      expect(await codeOf(() => lab.stage({ images: [], folders: [fromText(alice())] }))).to.equal('staging-unbound')
      expect(lab.standing()).to.deep.equal([])
    })

    it('not on macOS, where it says so', async () => {
      const system = { ...lab.system, platform: 'macos' as const }
      expect(await codeOf(() => lab.stage({ system, images: [], folders: [fromText(alice())] }))).to.equal(
        'staging-unbound',
      )
    })
  })

  it('has the room of what goes before it asks for more', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs', 400))
    const band = join(lab.image, 'bands/0')
    writeFileSync(band, Buffer.alloc(200 * 1024 * 1024, 7))
    await freeze({ ...lab.request(), image: lab.subject({ slot: 'gone-0123456789abcdef0123' }) })
    writeFileSync(band, 'little')
    // Without what is kept of an image that is no more, four fifths are free.
    const night = { reservePercent: 60 }
    expect(await codeOf(() => lab.stage({ ...night, spare: 'all' }))).to.equal('staging-no-room')
    const { images } = await lab.stage(night)
    expect([...images.keys()]).to.deep.equal([slot])
  })

  it('times of long ago stay long ago', async function () {
    const lab = stagingLab(reflinkDisk(this, temporaryFolder(), 'xfs'))
    utimesSync(join(lab.image, 'bands/0'), 1.5, 123_456.789_012)
    await lab.stage()
    expect(lstatSync(join(lab.place, 'bands/0')).mtimeMs).to.equal(lstatSync(join(lab.image, 'bands/0')).mtimeMs)
  })
})

/** btrfs clones nothing between a file that is not written anew elsewhere and one that is. */
function unclonable(path: string): void {
  const bytes = readFileSync(path)
  writeFileSync(path, '')
  execFileSync('chattr', ['+C', path])
  writeFileSync(path, bytes)
}

// From both ends in turn, so that whoever reads from one end to the other meets newer bands behind older ones.
const order = Array.from({ length: 120 }, (_, at) => (at % 2 === 0 ? at / 2 : 119 - (at - 1) / 2))

const writing = `
  const fs = require('node:fs'); const [folder] = process.argv.slice(1)
  const files = ${JSON.stringify(order)}.map((index) => fs.openSync(folder + '/' + index.toString(16), 'r+'))
  const number = Buffer.alloc(4)
  for (let at = 1; ; at += 1) {
    number.writeUInt32BE(at)
    for (const file of files) { fs.writeSync(file, number, 0, 4, 0); fs.fdatasyncSync(file) }
    if (at === 2) process.stdout.write('writing')
  }`

/** Each band was written after the one before it, in rounds: n, n, n-1, n-1 … */
const isOneMoment = (numbers: readonly number[]): boolean =>
  numbers.every((number, at) => at === 0 || number === numbers[at - 1] || number === (numbers[at - 1] as number) - 1) &&
  (numbers[0] as number) - (numbers.at(-1) as number) <= 1
