import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { lookAtUsage } from '../../../lib/mount/look.js'
import { ownStore } from '../../../lib/mount/own-store.js'
import type { Usage, UsageSubject } from '../../../lib/mount/usage.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromLatin1, fromText, join, toBytes, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { makeBundle, makeImage, needsLinuxAsRoot, started } from './holder.js'

const linux = realSystem({ platform: 'linux', commandSeconds: 10 })
const run = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8' }).trim()

async function look(image: UsageSubject): Promise<Usage> {
  const usages = await lookAtUsage(linux, [image], { excludePids: [], quietSeconds: 2 })
  return usages.get(image.path) as Usage
}

describe('images attached as real loop devices', () => {
  before(function () {
    needsLinuxAsRoot(this)
  })

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

  function mount(device: string, point: string, ...options: string[]): void {
    mkdirSync(point, { recursive: true })
    run('mount', ...options, device, point)
    undo.push(() => run('umount', point))
  }

  it('a loop device over a sparse image attaches it, and its volume is named', async () => {
    const image = makeImage(join(place, 'old.sparseimage'))
    truncateSync(image.path, 4 * 1024 * 1024)
    run('mkfs.ext4', '-q', '-F', image.path)
    const before = await look(image)
    const device = attach(image.path)
    const attached = await look(image)
    mount(device, join(place, 'mounted here'))
    const mounted = await look(image)
    expect(before.state).to.equal('detached')
    expect(attached.state).to.equal('attached')
    expect(attached.evidence).to.include(`attached as the loop device ${device}`)
    expect(attached.mountPoints).to.deep.equal([])
    expect(mounted.mountPoints).to.deep.equal([join(place, 'mounted here')])
    expect(
      ownStore({ path: image.path, mountPoints: mounted.mountPoints }, [join(place, 'mounted here/not yet/there')]),
    ).to.be.true
    expect(ownStore({ path: image.path, mountPoints: mounted.mountPoints }, [join(place, 'elsewhere')])).to.be.false
  })

  it('a partition of it, and a loop device on that partition, count as well', async () => {
    const image = makeImage(join(place, 'parts.sparseimage'))
    truncateSync(image.path, 8 * 1024 * 1024)
    const device = attach(image.path)
    // Added by hand: not every kernel reads partition tables.
    run('addpart', device, '1', '2048', '12288')
    undo.push(() => run('delpart', device, '1'))
    run('mkfs.ext4', '-q', '-F', `${device}p1`)
    const above = attach(`${device}p1`)
    mount(above, join(place, 'volume'))
    const usage = await look(image)
    expect(usage.state).to.equal('attached')
    expect(usage.mountPoints).to.deep.equal([join(place, 'volume')])
  })

  it('any bytes may stand in the name of the file', async () => {
    const path = join(place, fromLatin1('caf\u00e9\n.sparseimage'))
    const image = makeImage(path)
    truncateSync(toBytes(path), 1024 * 1024)
    // Arguments are text in Node; the shell makes the bytes.
    const device = run('sh', '-c', `losetup --find --show "$(printf '%s/caf\\351\\n.sparseimage' "$0")"`, place)
    undo.push(() => run('losetup', '--detach', device))
    expect((await look(image)).evidence).to.include(`attached as the loop device ${device}`)
  })

  it('a bundle shown by a FUSE program is attached, with the volumes of the loop device on top', async () => {
    const bundle = makeBundle(join(place, 'bob.sparsebundle'))
    const other = makeBundle(join(place, 'alice.sparsebundle'))
    const band = join(bundle.path, 'bands/0')
    writeFileSync(band, '')
    truncateSync(band, 4 * 1024 * 1024)
    run('mkfs.ext4', '-q', '-F', band)
    const point = join(place, 'fuse')
    mkdirSync(point)
    const program = fileURLToPath(new URL('../../support/fakes/bundle-fuse.js', import.meta.url))
    await started(process.execPath, [program, bundle.path, point])
    undo.push(() => run('umount', point))
    const shown = await look(bundle)
    expect(shown.state).to.equal('attached')
    expect(shown.mountPoints).to.deep.equal([point])
    const device = attach(join(point, 'sparsebundle.dmg'), '--read-only')
    mount(device, join(place, 'volume'), '-o', 'ro,noload')
    const usages = await lookAtUsage(linux, [bundle, other], { excludePids: [], quietSeconds: 2 })
    const usage = usages.get(bundle.path) as Usage
    expect(usage.evidence).to.include(`attached as the loop device ${device}, through a FUSE mount`)
    expect(usage.mountPoints).to.deep.equal([point, join(place, 'volume')])
    expect(usages.get(other.path)?.state).to.equal('detached')
  })
})
