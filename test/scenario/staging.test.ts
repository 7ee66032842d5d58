import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RunImage } from '../../lib/generated/run.js'
import { lookAtStructure } from '../../lib/look/structure.js'
import { tasks } from '../../lib/run/tasks.js'
import { freeze } from '../../lib/staging/freeze.js'
import { whyExported } from '../../lib/mount/exported.js'
import { realSystem } from '../../lib/system/system.js'
import { baseName, fromText } from '../../lib/text/raw-path.js'
import { until } from '../support/fault/until.js'
import { holdOpen } from '../support/history/machine.js'
import { loopDisk, unmountLoopDisks } from '../support/loop-disk.js'
import { clearTextOf, imageDigest } from '../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks, type ReflinkKind } from '../support/reflink-disk.js'
import { hosts, needHost } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { protect } from '../support/protect.js'
import { filesHolding, night, slowly, type Night } from './support/night.js'
import { writeImage } from './support/set.js'
import { endDaemons, often, settled, startDaemon, told } from './support/running-daemon.js'
import { sharedFiles, stagedHomes, type StagedHomes } from './support/staging.js'

const volumes: readonly ReflinkKind[] = ['btrfs', 'xfs']

for (const host of hosts) {
  for (const volume of volumes) {
    describe(`a staging folder on ${volume}, ${host === 'real' ? 'with the real LBackup' : 'with our stand-in'}`, function () {
      this.timeout(300_000)
      before(function () {
        needHost(this, host)
        if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
      })
      afterEach(unmountReflinkDisks)

      it('an image that moves between nights keeps its path, and unchanged bands are stored once', async function () {
        const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'])
        const { lab, mac, stateFolder } = homes
        const first = await night(host, lab, stateFolder)
        expect(first.exitCode, first.output).to.equal(0)
        expect(first.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
        expect(first.image('bob.sparsebundle').staged).to.include({ kind: 'clone' })
        expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
        expect(homes.standing()).to.deep.equal([])
        const before = homes.slotIn('bob').split('/').at(-1)
        mac.logIn('bob')
        mac.write('bob')
        // The power went: the image stays where a user who is logged in has it.
        mac.crash()
        expect(mac.imageOf('bob')).to.contain('/.bob/')
        const second = await night(host, lab, stateFolder)
        expect(second.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
        expect(homes.slotIn('bob').split('/').at(-1)).to.equal(before)
        expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
        const shared = sharedFiles(homes.copy('bob'), homes.copy('bob', 1))
        expect(shared, 'files that both nights have').to.include('Info.plist')
        expect(shared.filter((name) => name.startsWith('bands/'))).not.to.deep.equal([])
        expect(homes.standing()).to.deep.equal([])
      })

      it('is empty and closed to others afterwards, and nothing of it is searched', async function () {
        const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'])
        const { lab, stateFolder, staging } = homes
        const { report } = await night(host, lab, stateFolder)
        expect(report.images).to.have.length(1)
        expect(lstatSync(staging).mode & 0o7777).to.equal(0o700)
        expect(homes.standing()).to.deep.equal([])
        expect(homes.book()).to.equal(undefined)
      })
    })
  }
}

for (const volume of volumes) {
  describe(`a login while rsync copies what is frozen on ${volume}`, function () {
    this.timeout(300_000)
    before(function () {
      if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
    })
    afterEach(unmountReflinkDisks)

    it('changes nothing of the copy, which is still proven, as of when nothing used the image', async function () {
      const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), volume), ['bob'], {}, { settings: slowly })
      const { lab, mac, stateFolder } = homes
      const before = imageDigest(mac.imageOf('bob'))
      const result = await night('ours', lab, stateFolder, {
        at: {
          'before-rsync': () => {
            mac.logIn('bob')
            mac.write('bob')
          },
        },
      })
      expect(result.exitCode, result.output).to.equal(0)
      expect(result.image('bob.sparsebundle'), result.image('bob.sparsebundle').reason).to.include({
        verdict: 'proven',
        loudness: 'fine',
      })
      expect(result.image('bob.sparsebundle').reason).to.match(/as of .*Z, when nothing used it/)
      expect(imageDigest(homes.copy('bob'))).to.equal(before)
      expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
      expect(statSync(join(homes.copy('bob'), 'token')).isFile()).to.be.true
    })
  })
}

describe('a staging folder', function () {
  this.timeout(300_000)
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  afterEach(endDaemons)
  afterEach(unmountReflinkDisks)
  afterEach(unmountLoopDisks)

  const prove = { policies: [{ ifInUse: 'copy-and-prove' }] }

  it('takes an image in use from a snapshot where that is asked for, and says as of when', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder()), ['bob'], { ...prove, ...onLinux })
    const { lab, mac, stateFolder } = homes
    const letGo = holdOpen(join(mac.imageOf('bob'), 'token'))
    try {
      const result = await night('ours', lab, stateFolder)
      expect(result.image('bob.sparsebundle').staged).to.include({ kind: 'snapshot' })
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(result.image('bob.sparsebundle').reason).to.match(
        /as of a snapshot of .*, while it was attached, as after a power cut/,
      )
      expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
    } finally {
      letGo()
    }
    expect(homes.standing()).to.deep.equal([])
  })

  it('never calls a clone of an image in use more than suspect', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'], { ...prove, ...onLinux })
    const { lab, mac, stateFolder } = homes
    const letGo = holdOpen(join(mac.imageOf('bob'), 'token'))
    try {
      const result = await night('ours', lab, stateFolder)
      expect(result.image('bob.sparsebundle').staged).to.include({ kind: 'clone' })
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'suspect', loudness: 'warning' })
      expect(result.image('bob.sparsebundle').reason).to.match(
        /^it was cloned file by file while something may have used it/,
      )
    } finally {
      letGo()
    }
  })

  it('leaves an image in use out where nothing else is asked for, and its newest good copy lies at its place', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'])
    const { lab, mac, stateFolder } = homes
    await night('ours', lab, stateFolder)
    const good = imageDigest(homes.copy('bob'))
    mac.logIn('bob')
    mac.write('bob')
    const result = await night('ours', lab, stateFolder)
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'not-backed-up' })
    expect(result.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(homes.copy('bob'))).to.equal(good)
  })

  it('backs a user up who is logged in, as he was at his logout', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'])
    const { lab, mac, stateFolder } = homes
    const first = await night('ours', lab, stateFolder)
    mac.logIn('bob')
    mac.write('bob')
    mac.logOut('bob')
    const then = imageDigest(mac.imageOf('bob'))
    const frozen = await freezeAtLogout(homes, first)
    mac.logIn('bob')
    mac.write('bob')
    const result = await night('ours', lab, stateFolder)
    const image = result.image('bob.sparsebundle')
    expect(image, image.reason).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(image.decision).to.include({ action: 'copy', code: 'frozen' })
    expect(image.reason).to.contain(`as of ${frozen}, when nothing used it`)
    expect(imageDigest(homes.copy('bob'))).to.equal(then)
    // It is of then, however late it is copied.
    expect(result.status.slots[0]?.kept?.newestGood).to.equal(frozen)
    expect(homes.standing(), 'kept for the next night').to.have.length(1)
    mac.logOut('bob')
    const last = await night('ours', lab, stateFolder)
    expect(last.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
  })

  it('never takes what was frozen before for the image as it is tonight, where that cannot be frozen', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'])
    const { lab, mac, stateFolder } = homes
    const first = await night('ours', lab, stateFolder)
    const then = imageDigest(mac.imageOf('bob'))
    const frozen = await freezeAtLogout(homes, first)
    mac.logIn('bob')
    mac.write('bob')
    mac.logOut('bob')
    const foreign = join(mac.imageOf('bob'), 'bands/of-eve')
    writeFileSync(foreign, 'of somebody else')
    chownSync(foreign, lstatSync(mac.imageOf('bob')).uid + 1, -1)
    const result = await night('ours', lab, stateFolder)
    const image = result.image('bob.sparsebundle')
    expect(image.decision).to.include({ action: 'copy', code: 'frozen' })
    expect(image, image.reason).to.include({ verdict: 'proven', loudness: 'warning' })
    expect(image.reason).to.contain(`as of ${frozen}, when nothing used it`)
    expect(imageDigest(homes.copy('bob'))).to.equal(then)
    expect(result.status.slots[0]?.kept?.newestGood).to.equal(frozen)
    expect(image.reason).to.match(/could not be frozen anew: .*of-eve belongs to somebody else/)
    expect(result.said.join('\n')).to.match(/WARNING.*could not be frozen anew/)
    rmSync(foreign)
    const last = await night('ours', lab, stateFolder)
    expect(last.image('bob.sparsebundle').decision).to.include({ code: 'at-rest' })
    expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
  })

  it('is what the daemon freezes an image in at its user’s logout, for a night in which he is logged in again', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'], { daemon: often })
    const { lab, mac, stateFolder } = homes
    mac.logIn('bob')
    const daemon = startDaemon(lab.configurationFile)
    await settled(stateFolder, 'attached')
    mac.write('bob')
    expect(homes.standing()).to.deep.equal([])
    mac.logOut('bob')
    await told(stateFolder, 'frozen')
    const then = imageDigest(mac.imageOf('bob'))
    mac.logIn('bob')
    await told(stateFolder, 'login', 1)
    mac.write('bob')
    const result = await night('ours', lab, stateFolder)
    const image = result.image('bob.sparsebundle')
    expect(image, image.reason).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(image.decision).to.include({ code: 'frozen' })
    expect(imageDigest(homes.copy('bob'))).to.equal(then)
    expect(await daemon.end()).to.equal(0)
    expect(daemon.said()).to.equal('')
  })

  it('halts the backup where nothing would stand in it: an empty folder is no success', async function () {
    const homes = stagedHomes(loopDisk(this, temporaryFolder()).path, ['bob'], onLinux)
    const { lab, stateFolder } = homes
    const result = await night('ours', lab, stateFolder)
    expect(result.exitCode).not.to.equal(0)
    expect(result.said.join('\n')).to.match(
      /Nothing stands in the staging folder; of .*bob\.sparsebundle, it cannot stand .* cannot clone files/,
    )
    expect(result.sections).to.deep.equal([])
    expect(homes.standing()).to.deep.equal([])
  })

  it('shows an image by hard links where that is asked for, and takes them away', async function () {
    const homes = stagedHomes(loopDisk(this, temporaryFolder()).path, ['bob'], {
      ...onLinux,
      source: { hardLinks: true },
    })
    const { lab, mac, stateFolder } = homes
    const because = whyExported(fromText(mac.imageOf('bob')))
    if (because !== undefined) skip(this, because)
    const links = (): number => lstatSync(join(mac.imageOf('bob'), 'token')).nlink
    const seen: number[] = []
    for (let round = 0; round < 2; round += 1) {
      const result = await night('ours', lab, stateFolder, { at: { 'before-rsync': () => void seen.push(links()) } })
      expect(result.image('bob.sparsebundle').staged).to.include({ kind: 'hard-link' })
      expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
      expect(links()).to.equal(1)
    }
    expect(seen).to.deep.equal([2, 2])
    expect(sharedFiles(homes.copy('bob'), homes.copy('bob', 1))).to.include('token')
  })

  it('halts the backup where something foreign lies in it, or too little room is left', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'])
    const { lab, stateFolder, staging } = homes
    writeFileSync(join(staging, 'letter'), 'of somebody')
    const foreign = await night('ours', lab, stateFolder)
    expect(foreign.exitCode).not.to.equal(0)
    expect(foreign.said.join('\n')).to.match(/ERROR! .*holds what is not ours: letter/)
    rmSync(join(staging, 'letter'))
    protect(lab, {
      ...homes.mac.configuration,
      search: { roots: [lab.source] },
      source: { mode: 'staging', reservePercent: 99.9 },
    })
    const full = await night('ours', lab, stateFolder)
    expect(full.exitCode).not.to.equal(0)
    expect(full.said.join('\n')).to.match(/ERROR! .*must be free there/)
    expect(homes.standing()).to.deep.equal([])
  })

  it('says of an image that cannot stand in it that it is not backed up, and backs the others up', async function () {
    const folder = temporaryFolder()
    const other = loopDisk(this, folder)
    const root = join(other.path, 'homes')
    mkdirSync(root)
    const homes = stagedHomes(reflinkDisk(this, folder, 'xfs'), ['bob'])
    const { lab, stateFolder } = homes
    protect(lab, {
      ...onLinux,
      search: { roots: [lab.source, root] },
      source: { mode: 'staging', reservePercent: 0 },
    })
    writeImage(join(root, 'zoe.sparsebundle'), 'zoe')
    const result = await night('ours', lab, stateFolder)
    expect(result.exitCode).to.equal(0)
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(result.image('zoe.sparsebundle')).to.include({ verdict: 'not-backed-up', loudness: 'warning' })
    expect(result.image('zoe.sparsebundle').reason).to.match(/another volume than the staging folder/)
  })

  it('shows plain folders beside the images, without the images and FileVault homes in them', async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'xfs')
    const homes = stagedHomes(disk, ['bob'], { ...onLinux, source: { folders: [join(disk, 'source')] } })
    const { lab, mac, stateFolder } = homes
    mac.addUser('alice')
    const result = await night('ours', lab, stateFolder)
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.report.images.map(({ verdict }) => verdict)).to.deep.equal(['proven'])
    const shown = join(lab.destination, 'Section.0/staging/source')
    expect(readFileSync(join(shown, 'alice/Documents/letter.txt'), 'utf8')).to.equal("alice's letter\n")
    expect(existsSync(join(shown, 'bob/bob.sparsebundle'))).to.be.false
    expect(homes.standing()).to.deep.equal([])
    expect(existsSync(join(lab.source, 'alice/Documents/letter.txt'))).to.be.true
  })

  it('is emptied by the watch where LBackup dies', async function () {
    const disk = reflinkDisk(this, temporaryFolder(), 'xfs')
    const homes = stagedHomes(disk, ['bob'], { watch: { interval: 0.1 } }, { settings: slowly })
    const { lab, stateFolder } = homes
    await night('ours', lab, stateFolder, {
      broken: true,
      at: { 'before-rsync': () => void expect(homes.standing()).to.have.length(1) },
      occasions: [{ logged: /bands\/0$/m, act: ({ pid }) => void process.kill(pid, 'SIGKILL') }],
    })
    await until('an empty staging folder', () => homes.standing().length === 0)
    expect(homes.book()).to.equal(undefined)
    rmSync(lab.lockFile, { force: true })
    const next = await night('ours', lab, stateFolder)
    expect(next.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
  })

  it('gives an image the slot that it has in place: its history goes on', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'])
    const { lab, stateFolder, mac } = homes
    const inPlace = (): void => {
      protect(lab, { ...mac.configuration })
      lab.set({ backupSource: lab.source })
    }
    inPlace()
    const first = await night('ours', lab, stateFolder)
    protect(lab, {
      ...mac.configuration,
      search: { roots: [lab.source] },
      source: { mode: 'staging', reservePercent: 0 },
    })
    lab.set({ backupSource: homes.staging })
    const second = await night('ours', lab, stateFolder)
    inPlace()
    const third = await night('ours', lab, stateFolder)
    for (const { image } of [first, second, third]) {
      expect(image('bob.sparsebundle')).to.include({ verdict: 'proven', slot: first.image('bob.sparsebundle').slot })
    }
    expect(third.status.slots).to.have.length(1)
  })

  it('takes an image in use on a Mac from a snapshot of APFS, as far as fakes tell', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'], prove)
    const { lab, mac, stateFolder } = homes
    mac.logIn('bob')
    const result = await night('ours', lab, stateFolder)
    expect(result.image('bob.sparsebundle').staged, result.output).to.include({ kind: 'snapshot' })
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'proven' })
    expect(imageDigest(homes.copy('bob'))).to.equal(imageDigest(mac.imageOf('bob')))
    const calls = mac.fakes.calls().filter(({ name }) => ['tmutil', 'mountApfs', 'diskutil'].includes(name))
    expect(calls.map(({ name, args }) => `${name} ${args[0] ?? ''}`)).to.deep.equal([
      'tmutil localsnapshot',
      'mountApfs -o',
      'diskutil unmount',
      'tmutil deletelocalsnapshots',
      'tmutil addexclusion',
    ])
    expect(homes.standing()).to.deep.equal([])
  })

  it('unmounts the snapshot of APFS that a run which died left mounted, as far as fakes tell', async function () {
    const homes = stagedHomes(reflinkDisk(this, temporaryFolder(), 'xfs'), ['bob'], prove)
    const { lab, mac, stateFolder } = homes
    mac.logIn('bob')
    const settings = join(lab.configurationFolder, 'filevault.json')
    const whole = readFileSync(settings, 'utf8')
    const deadly = join(lab.folder, 'mount-apfs')
    const { tools } = mac.configuration
    writeFileSync(deadly, `#!/bin/sh\n'${tools['mountApfs'] ?? ''}' "$@"\nkill -KILL "$PPID"\n`, { mode: 0o755 })
    writeFileSync(settings, JSON.stringify({ ...JSON.parse(whole), tools: { ...tools, mountApfs: deadly } }))
    const killed = await night('ours', lab, stateFolder, { broken: true })
    expect(killed.exitCode).to.equal(129)
    const mountsLeft = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(`${homes.staging}/.new/`)
    expect(mountsLeft(), 'the premise').to.equal(true)
    writeFileSync(settings, whole)
    const next = await night('ours', lab, stateFolder)
    expect(next.image('bob.sparsebundle'), next.output).to.include({ verdict: 'proven' })
    expect(mountsLeft()).to.equal(false)
    expect(homes.standing()).to.deep.equal([])
    expect(existsSync(mac.imageOf('bob')), 'the volume that the snapshot showed').to.equal(true)
  })
})

/** The machine is the one that it is; what uses an image is seen by its open files. */
const onLinux = { platform: 'linux', tools: {} }

/** What a daemon does when a user logs out: freezes his image for the nights to come. Returns since when it is at rest. */
async function freezeAtLogout({ stateFolder, staging, mac }: StagedHomes, before: Night): Promise<string> {
  const { slot, identity, ownerUid } = before.record.images[0] as RunImage
  const path = fromText(mac.imageOf('bob'))
  const { fingerprint, counts } = lookAtStructure({ path, container: 'sparse-bundle' }, { inUse: false })
  const frozen = await freeze({
    system: realSystem({ platform: 'linux', commandSeconds: 20 }),
    stateFolder: fromText(stateFolder),
    path: fromText(staging),
    hardLinks: false,
    reservePercent: 0,
    apart: [],
    deadline: Date.now() + 60_000,
    look: (orders) => Promise.resolve(tasks.look(orders)),
    atRest: (images) => Promise.resolve(new Set(images.map((image) => image.slot))),
    image: {
      slot,
      identity,
      ownerUid,
      path,
      name: baseName(path),
      container: 'sparse-bundle',
      inode: lstatSync(mac.imageOf('bob')).ino,
      members: counts.members,
      bytes: counts.bytes,
      atRest: true,
      live: fingerprint,
    },
  })
  if ('because' in frozen) throw new Error(frozen.because)
  return frozen.entry.atRestSince ?? 'never'
}
