import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { AttachedVolume } from '../../../lib/mount/attached-volume.js'
import { attachedVolumes } from '../../../lib/mount/attached-volumes.js'
import { askHdiutil } from '../../../lib/mount/hdiutil-answer.js'
import { lookAtUsage } from '../../../lib/mount/look.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText, join, type RawPath } from '../../../lib/text/raw-path.js'
import { fakeMac } from '../../support/fake-mac.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'
import { fakeProc, type FakeProc } from './fake-proc.js'
import { makeBundle, needsLinuxAsRoot, started } from './holder.js'

const linux = realSystem({ platform: 'linux', commandSeconds: 10 })
const run = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8' }).trim()
const table = (volumes: readonly AttachedVolume[]): Record<string, string> =>
  Object.fromEntries(volumes.map(({ mountPoint, image }) => [mountPoint, image]))

describe('volumes of images on a Mac', () => {
  const recordings: [file: string, volumes: Record<string, string>][] = [
    ['info-plist.nothing-attached.plist', {}],
    [
      'info-plist.two-sparsebundles.author-trimmed.plist',
      {
        '/Volumes/scratch': '/Volumes/Other/scratch.dmg',
        [`/tmp/gone/cs/sha256/${'a'.repeat(64)}/mnt`]: `/tmp/gone/cs/sha256/${'a'.repeat(64)}/rootfs.sparsebundle`,
        [`/tmp/a&b/cs/sha256/${'b'.repeat(64)}/mnt`]: `/tmp/a&b/cs/sha256/${'b'.repeat(64)}/rootfs.sparsebundle`,
      },
    ],
  ]
  for (const [file, expected] of recordings) {
    it(`every mount point of a recorded answer, ${file}, by one call`, async function () {
      const mac = fakeMac({ faults: { hdiutil: { stdout: readFileSync(shared(this, `hdiutil/${file}`), 'utf8') } } })
      const { volumes, problems } = await attachedVolumes(mac.system)
      expect(table(volumes)).to.deep.equal(expected)
      expect(problems).to.deep.equal([])
      expect(mac.calls().map(({ name }) => name)).to.deep.equal(['hdiutil'])
    })
  }

  it('the same answer serves the look at what uses each image', async () => {
    const bundle = makeBundle(fromText(`${temporaryFolder()}/bob.sparsebundle`))
    const mac = fakeMac({ attached: [{ path: bundle.path, mountPoints: ['/Users/bob', '/Users/bob/inner'] }] })
    const attached = await askHdiutil(mac.system)
    const usages = await lookAtUsage(mac.system, [bundle], { excludePids: [], quietSeconds: 2, attached })
    const { volumes } = await attachedVolumes(mac.system, { attached })
    expect(usages.get(bundle.path)?.state).to.equal('attached')
    expect(table(volumes)).to.deep.equal({ '/Users/bob': bundle.path, '/Users/bob/inner': bundle.path })
    expect(mac.calls().filter(({ name }) => name === 'hdiutil')).to.have.length(1)
  })

  it('an hdiutil that gives no answer is a problem with a cure, and never "none attached"', async () => {
    for (const fault of [{ code: 1 }, { stdout: 'garbage' }]) {
      const { volumes, problems } = await attachedVolumes(fakeMac({ faults: { hdiutil: fault } }).system)
      expect(volumes).to.deep.equal([])
      expect(problems.join()).to.match(/^which images are attached is not known: .*hdiutil.*by hand/su)
    }
  })
})

describe('volumes of images on Linux', () => {
  const undo: (() => void)[] = []
  let place: RawPath
  beforeEach(() => {
    place = fromText(temporaryFolder())
  })
  afterEach(() => {
    for (const step of undo.splice(0).reverse()) step()
  })

  function attach(path: string, ...options: string[]): string {
    const device = run('losetup', '--find', '--show', ...options, path)
    undo.push(() => run('losetup', '--detach', device))
    return device
  }

  function mount(point: string, ...words: string[]): void {
    mkdirSync(point, { recursive: true })
    run('mount', ...words, point)
    undo.push(() => run('umount', point))
  }

  /** Those below this test's folder: other tests of this machine may have theirs. */
  async function here(): Promise<Record<string, string>> {
    const { volumes, problems } = await attachedVolumes(linux)
    expect(problems).to.deep.equal([])
    return table(volumes.filter(({ mountPoint }) => mountPoint.startsWith(`${place}/`)))
  }

  function fileSystem(path: string, kind: 'ext2' | 'ext4'): string {
    writeFileSync(path, '')
    truncateSync(path, 4 * 1024 * 1024)
    run('mke2fs', '-q', '-F', '-t', kind, path)
    return path
  }

  for (const kind of ['ext2', 'ext4'] as const) {
    it(`a real loop mount (${kind}), a bind mount of a folder in it, and a loop mount on it`, async function () {
      needsLinuxAsRoot(this)
      const image = fileSystem(join(place, 'any name'), kind)
      const volume = join(place, 'src/mounted here')
      expect(await here()).to.deep.equal({})
      mount(volume, attach(image))
      mkdirSync(join(volume, 'folder'))
      mount(join(place, 'src/bound'), '--bind', join(volume, 'folder'))
      const inner = fileSystem(join(volume, 'inner'), 'ext2')
      mount(join(place, 'src/inner'), attach(inner))
      expect(await here()).to.deep.equal({
        [volume]: image,
        [join(place, 'src/bound')]: image,
        [join(place, 'src/inner')]: inner,
      })
    })
  }

  it('a loop device on a partition of another is told by the file below both', async function () {
    needsLinuxAsRoot(this)
    const image = fileSystem(join(place, 'disk'), 'ext2')
    const below = attach(image)
    const above = attach(below)
    mount(join(place, 'volume'), above)
    expect(await here()).to.deep.equal({ [join(place, 'volume')]: image })
  })

  it('what lies under another volume is not seen, and is left out', async function () {
    needsLinuxAsRoot(this)
    const volume = join(place, 'volume')
    mount(volume, attach(fileSystem(join(place, 'disk'), 'ext2')))
    mount(volume, '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs')
    expect(await here()).to.deep.equal({})
  })

  it('a bundle shown by a FUSE program, and the loop mount of the file in it', async function () {
    needsLinuxAsRoot(this)
    const bundle = makeBundle(join(place, 'bob.sparsebundle'))
    fileSystem(join(bundle.path, 'bands/0'), 'ext4')
    const point = join(place, 'fuse')
    mkdirSync(point)
    const program = fileURLToPath(new URL('../../support/fakes/bundle-fuse.js', import.meta.url))
    await started(process.execPath, [program, bundle.path, point])
    undo.push(() => run('umount', point))
    expect(await here()).to.deep.equal({ [point]: 'an image shown by sparsebundlefs' })
    const file = join(point, 'sparsebundle.dmg')
    mount(join(place, 'volume'), '-o', 'ro,noload', attach(file, '--read-only'))
    expect(await here()).to.deep.equal({
      [point]: 'an image shown by sparsebundlefs',
      [join(place, 'volume')]: file,
    })
  })

  const told = async (machine: FakeProc): Promise<Record<string, string>> =>
    table((await attachedVolumes(linux, { places: fakeProc(machine) })).volumes)

  const line = (point: string, type: string, source: string, device = '0:52'): string =>
    `91 27 ${device} / ${point} rw - ${type} ${source} rw`

  it('FUSE programs are known by subtype or source; others, disks and network volumes are none', async () => {
    const mounts = [
      line('/a', 'fuse.sparsebundlefs', 'sparsebundlefs'),
      line('/b', 'fuse', 'sparsebundlefs'),
      line('/c\\040d', 'fuse.apfs-fuse', '/images/x.dmg'),
      line('/e', 'fuse.apfs', '/dev/fuse'),
      line('/f', 'fuse.sshfs', 'sparsebundlefs'),
      line('/f2', 'fuse', 'host:/apfs'),
      line('/g', 'fuse.lxcfs', 'lxcfs'),
      line('/h', 'ext4', '/dev/sdb1', '8:17'),
      line('/i', 'nfs4', 'nas:/apfs'),
    ]
    expect(await told({ mounts })).to.deep.equal({
      '/a': 'an image shown by sparsebundlefs',
      '/b': 'an image shown by sparsebundlefs',
      '/c d': 'an image shown by apfs-fuse',
      '/e': 'an image shown by apfs',
    })
  })

  it('loop devices are known by number or by source; installed programs on squashfs are no images', async () => {
    const mounts = [
      line('/a', 'hfsplus', '/dev/mapper/x', '7:3'),
      line('/b', 'btrfs', '/dev/loop3', '0:60'),
      line('/c', 'ext4', '/dev/loop9p1', '259:1'),
      line('/snap/core', 'squashfs', '/dev/loop4', '7:4'),
    ]
    expect(await told({ mounts, loops: { loop3: '/images/x', loop4: '/snap/core.snap' } })).to.deep.equal({
      '/a': '/images/x',
      '/b': '/images/x',
      '/c': '/dev/loop9p1',
    })
  })

  it('a mount table or devices that cannot be read are a problem with a cure', async () => {
    const processes = join(place, 'none')
    const { volumes, problems } = await attachedVolumes(linux, { places: { processes } })
    expect(volumes).to.deep.equal([])
    expect(problems).to.have.length(1)
    expect(problems[0]).to.include(`${processes}/self/mountinfo could not be read: run as root`)
    // The kernel refuses such a name; what the table tells by itself still counts.
    const blockDevices = `/${'x'.repeat(300)}`
    const places = { ...fakeProc({ mounts: [line('/a', 'ext4', '/dev/loop3', '7:3')] }), blockDevices }
    const partly = await attachedVolumes(linux, { places })
    expect(table(partly.volumes)).to.deep.equal({ '/a': '/dev/loop3' })
    expect(partly.problems.join()).to.include(`${blockDevices} could not be read: run as root`)
  })
})
