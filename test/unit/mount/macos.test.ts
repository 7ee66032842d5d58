import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { lookAtUsage, type UsageOptions } from '../../../lib/mount/look.js'
import type { Usage, UsageSubject } from '../../../lib/mount/usage.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromLatin1, fromText, join, type RawPath } from '../../../lib/text/raw-path.js'
import { fakeMac, type FakeMac, type FakeMacState } from '../../support/fake-mac.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'
import { makeBundle, makeImage } from './holder.js'

async function look(mac: FakeMac, subjects: UsageSubject[], options: Partial<UsageOptions> = {}): Promise<Usage[]> {
  const places = { root: true, nfsExports: [] }
  const usages = await lookAtUsage(mac.system, subjects, { excludePids: [], quietSeconds: 2, places, ...options })
  return subjects.map(({ path }) => usages.get(path) as Usage)
}

describe('what uses an image on a Mac (fake programs)', () => {
  let place: RawPath
  let bob: UsageSubject
  let image: UsageSubject
  beforeEach(() => {
    place = fromText(temporaryFolder())
    bob = makeBundle(join(place, 'bob.sparsebundle'))
    image = makeImage(join(place, 'old.sparseimage'))
  })

  it('nothing attached, nothing open: detached, by one call each', async () => {
    const mac = fakeMac()
    const states = (await look(mac, [bob, image])).map(({ state }) => state)
    expect(states).to.deep.equal(['detached', 'detached'])
    const names = mac.calls().map(({ name }) => name)
    expect(names.sort()).to.deep.equal(['hdiutil', 'lsof', 'mount'])
    expect(
      mac
        .calls()
        .find(({ name }) => name === 'lsof')
        ?.args.slice(-3),
    ).to.deep.equal([join(bob.path, 'token'), join(bob.path, 'lock'), image.path])
  })

  it('attached: by whom, mounted where', async () => {
    const mac = fakeMac({
      attached: [{ path: bob.path, pid: 312, uid: 501, mountPoints: ['/Volumes/bob'], writeable: false }],
      users: [{ name: 'bob', uid: 501, home: '/Users/bob' }],
    })
    const [usage, other] = await look(mac, [bob, image])
    expect(usage).to.deep.include({ state: 'attached', usedBy: ['bob'], mountPoints: ['/Volumes/bob'] })
    expect(usage?.evidence[0]).to.equal('hdiutil says it is attached as /dev/disk4, read-only, held by process 312')
    expect(other?.state).to.equal('detached')
  })

  it('attached under another path to the same folder; not one of the same name elsewhere: matched by device and inode', async () => {
    symlinkSync(place, join(place, 'way'))
    const mac = fakeMac({ attached: [{ path: join(place, 'way/bob.sparsebundle') }] })
    const twin = makeBundle(join(place, 'deeper/bob.sparsebundle'))
    const states = (await look(mac, [bob, twin])).map(({ state }) => state)
    expect(states).to.deep.equal(['attached', 'detached'])
  })

  it('of two images whose paths begin alike, only the attached one', async () => {
    const longer = makeBundle(join(place, 'bob.sparsebundle.sparsebundle'))
    const mac = fakeMac({ attached: [{ path: longer.path }] })
    const states = (await look(mac, [bob, longer])).map(({ state }) => state)
    expect(states).to.deep.equal(['detached', 'attached'])
  })

  it('attached from a path where nothing is any more: this one may have been moved, so unknown', async () => {
    mkdirSync(join(place, '.bob'))
    const moved = join(place, '.bob/bob.sparsebundle')
    renameSync(bob.path, moved)
    const mac = fakeMac({ attached: [{ path: bob.path, mountPoints: [join(place, 'bob')] }] })
    const [usage, other] = await look(mac, [{ ...bob, path: moved }, image])
    expect(usage?.state).to.equal('unknown')
    expect(usage?.evidence[0]).to.include('moved since')
    expect(other?.state).to.equal('detached')
    // The descriptor on the token settles it.
    mac.set({ attached: [{ path: bob.path }], open: [{ path: join(moved, 'token'), pid: 9, program: 'hdiejectd' }] })
    expect((await look(mac, [{ ...bob, path: moved }]))[0]?.state).to.equal('attached')
  })

  it('open in a program: named with pid and user; ours and LBackup with its children do not count', async () => {
    const open = [{ path: join(bob.path, 'token'), pid: 77, program: 'diskimages-helper', uid: 501, user: 'bob' }]
    const mac = fakeMac({
      open,
      processes: [
        { pid: 77, parentPid: 70 },
        { pid: 70, parentPid: 1 },
      ],
    })
    const [usage] = await look(mac, [bob, image])
    expect(usage?.state).to.equal('attached')
    expect(usage?.usedBy).to.deep.equal(['bob', 'diskimages-helper (pid 77)'])
    expect(usage?.evidence).to.include('token open in diskimages-helper (pid 77) of bob')
    expect((await look(mac, [bob], { excludePids: [70] }))[0]?.state).to.equal('detached')
  })

  it('open in a file server: in use elsewhere', async () => {
    const mac = fakeMac({ open: [{ path: image.path, pid: 5, program: 'smbd' }] })
    expect((await look(mac, [image]))[0]?.state).to.equal('in-use-elsewhere')
  })

  it('names with newlines, and such that lsof cannot be asked about', async () => {
    const newline = makeBundle(join(place, 'new\nline.sparsebundle'))
    const latin = makeBundle(join(place, fromLatin1('caf\u00e9.sparsebundle')))
    const mac = fakeMac({ open: [{ path: join(newline.path, 'lock'), pid: 5, program: 'diskimagesiod' }] })
    const [first, second] = await look(mac, [newline, latin])
    expect(first?.state).to.equal('attached')
    expect(second?.state).to.equal('unknown')
    expect(second?.evidence[0]).to.include('not UTF-8')
  })

  it('a network volume, an exported volume, an exported folder: unknown, and why', async () => {
    const root = { source: '/dev/disk1', point: '/', type: 'apfs', flags: ['local'] }
    const network = { source: '//nas/users', point: place as string, type: 'smbfs', flags: ['nodev'] }
    const mac = fakeMac({ volumes: [root, network] })
    const [smb] = await look(mac, [bob])
    expect(smb?.state).to.equal('unknown')
    expect(smb?.evidence.join()).to.include(`it lies on ${place}, a network volume (smbfs)`)
    mac.set({ volumes: [{ ...root, flags: ['NFS exported', 'local'] }] })
    expect((await look(mac, [bob]))[0]?.state).to.equal('unknown')
    mac.set({ volumes: [root] })
    const exports = join(place, 'exports')
    writeFileSync(exports, `${place} -alldirs\n`)
    const [folder] = await look(mac, [bob], { places: { root: true, nfsExports: [exports] } })
    expect(folder?.evidence.join()).to.include('which this Mac exports by NFS')
  })

  const faults: [keyof FakeMac['tools'], NonNullable<FakeMacState['faults']>[keyof FakeMac['tools']], RegExp][] = [
    ['hdiutil', { hang: 'polite' }, /hdiutil did not answer in time/u],
    ['hdiutil', { stdout: 'framework : 1\n' }, /answer of `hdiutil info -plist` cannot be understood/u],
    ['hdiutil', { flood: true }, /hdiutil printed without end/u],
    ['hdiutil', { stderr: 'hdiutil: info failed - internal error\n', code: 1 }, /failed with code 1 \(hdiutil: info/u],
    ['lsof', { hang: 'deaf' }, /lsof did not answer in time/u],
    ['lsof', { stderr: 'lsof: status error\n', code: 1 }, /lsof failed with code 1 \(lsof: status error/u],
    ['lsof', { code: 3 }, /lsof failed with code 3/u],
    ['mount', { hang: 'polite' }, /mount did not answer in time/u],
    ['mount', { stdout: 'nonsense\n' }, /mount does not name the volume/u],
  ]
  for (const [tool, fault, words] of faults) {
    it(`${tool} fails (${JSON.stringify(fault)}): unknown, with the tool and a cure`, async () => {
      const hangs = fault?.hang !== undefined
      const mac = fakeMac({ faults: { [tool]: fault } }, hangs ? 1 : 20)
      const [usage] = await look(mac, [bob])
      expect(usage?.state).to.equal('unknown')
      expect(usage?.evidence).to.satisfy(
        (all: string[]) => all.some((one) => words.test(one)),
        JSON.stringify(usage?.evidence),
      )
    })
  }

  it('a program that is not there: unknown; what the others tell still counts', async () => {
    const mac = fakeMac({ attached: [{ path: image.path }] })
    rmSync(mac.tools.lsof)
    const [first, second] = await look(mac, [bob, image])
    expect(first?.state).to.equal('unknown')
    expect(first?.evidence.join()).to.match(/lsof could not be started \(ENOENT\): correct its path under `tools`/u)
    expect(second?.state).to.equal('attached')
  })

  it('without root, lsof sees only our own processes: unknown', async () => {
    const [usage] = await look(fakeMac(), [bob], { places: { root: false, nfsExports: [] } })
    expect(usage?.state).to.equal('unknown')
    expect(usage?.evidence.join()).to.include('run as root')
  })

  it('the names of users are not needed to know that it is in use', async () => {
    const mac = fakeMac({ attached: [{ path: bob.path, uid: 501 }], faults: { dscl: { code: 1 } } })
    expect((await look(mac, [bob]))[0]).to.deep.include({ state: 'attached', usedBy: ['uid 501'] })
  })

  it('a recorded answer of a Mac with three other images: detached', async function () {
    const stdout = readFileSync(shared(this, 'hdiutil/info-plist.three-images.plist'), 'utf8')
    const work = makeImage(join(place, 'work.sparseimage'))
    const [first, second] = await look(fakeMac({ faults: { hdiutil: { stdout } } }), [bob, work])
    expect(first?.state).to.equal('detached')
    // One of the three has this name and lies where nothing is on this machine.
    expect(second?.state).to.equal('unknown')
  })

  it('the tools of a real system are the defaults', () => {
    expect(realSystem({ platform: 'macos', commandSeconds: 1 }).tools.hdiutil).to.equal('/usr/bin/hdiutil')
  })
})
