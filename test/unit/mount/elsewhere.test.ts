import { chmodSync, rmSync } from 'node:fs'
import { expect } from 'chai'
import { lookAtUsage } from '../../../lib/mount/look.js'
import { deviceText } from '../../../lib/mount/mountinfo.js'
import type { Usage, UsageSubject } from '../../../lib/mount/usage.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText, join, type RawPath } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { fakeProc, type FakeProc } from './fake-proc.js'
import { makeBundle, needsLinuxAsRoot, subject } from './holder.js'

const linux = realSystem({ platform: 'linux', commandSeconds: 10 })

async function look(image: UsageSubject, machine: FakeProc): Promise<Usage> {
  const places = fakeProc(machine)
  const usages = await lookAtUsage(linux, [image], { excludePids: [], quietSeconds: 2, places })
  return usages.get(image.path) as Usage
}

/** As the kernel writes it in its tables, hexadecimal. */
function inTable(path: RawPath): string {
  const { device, inode } = subject(path, 'sparse-image')
  const [major, minor] = deviceText(device)
    .split(':')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
  return `${String(major)}:${String(minor)}:${String(inode)}`
}

describe('what uses an image on other machines, seen from a Linux server', () => {
  before(function () {
    needsLinuxAsRoot(this)
  })

  let place: RawPath
  let bundle: UsageSubject
  beforeEach(() => {
    place = fromText(temporaryFolder())
    bundle = makeBundle(join(place, 'bob.sparsebundle'))
  })

  it('nothing there: detached', async () => {
    expect((await look(bundle, {})).state).to.equal('detached')
  })

  for (const program of ['smbd', 'smbd[192.0.2.7', 'afpd']) {
    it(`open in ${program}: in use elsewhere`, async () => {
      const usage = await look(bundle, { processes: { 70: { program, open: [join(bundle.path, 'bands/0')] } } })
      expect(usage.state).to.equal('in-use-elsewhere')
      expect(usage.evidence[0]).to.equal(`bands/0 open in ${program} (pid 70), for a client on another machine`)
    })
  }

  it('many open bands are counted, not listed', async () => {
    const open = ['bands/0', 'bands/1f', 'token', 'lock', 'Info.plist'].map((name) => join(bundle.path, name))
    const usage = await look(bundle, { processes: { 70: { program: 'backupd)', open } } })
    expect(usage.state).to.equal('attached')
    expect(usage.evidence[0]).to.equal('bands/0, bands/1f, token and 2 more open in backupd) (pid 70)')
  })

  for (const pid of ['-1', '0', '4711']) {
    it(`a lock of pid ${pid} that no process here explains: in use elsewhere`, async () => {
      const locks = `1: POSIX  ADVISORY  WRITE ${pid} ${inTable(join(bundle.path, 'token'))} 0 EOF\n`
      const usage = await look(bundle, { locks })
      expect(usage.state).to.equal('in-use-elsewhere')
      expect(usage.evidence[0]).to.equal('token is locked, and by no process of this machine')
    })
  }

  it('a lock of an open file description is explained by the process that has the file open', async () => {
    const token = join(bundle.path, 'token')
    const locks = `1: OFDLCK ADVISORY  WRITE -1 ${inTable(token)} 0 EOF\n`
    const usage = await look(bundle, { locks, processes: { 70: { program: 'helper', open: [token] } } })
    expect(usage.state).to.equal('attached')
  })

  it('a lease of the NFS server: in use elsewhere; of those that wait nothing is said', async () => {
    const file = inTable(join(bundle.path, 'token'))
    const locks = `1: DELEG  ACTIVE    READ 70 ${file} 0 EOF\n1: -> LEASE  BREAKING  WRITE 9 ${file} 0 EOF\n`
    const usage = await look(bundle, { locks, processes: { 70: { program: 'nfsd' } } })
    expect(usage.state).to.equal('in-use-elsewhere')
    expect(usage.usedBy).to.deep.equal(['nfsd (pid 70)'])
  })

  it('a file that a client of the NFS server has open names the client', async () => {
    const states = `- 0x01: { type: open, access: rw, deny: --, superblock: "${inTable(join(bundle.path, 'lock'))}", filename: "bob/lock" }\n`
    const info = 'clientid: 0x1\naddress: "192.0.2.7:834"\nstatus: confirmed\n'
    const usage = await look(bundle, { nfsClients: [{ info, states }] })
    expect(usage.state).to.equal('in-use-elsewhere')
    expect(usage.usedBy).to.deep.equal(['192.0.2.7'])
  })

  it('on a network volume: unknown, and why', async () => {
    const usage = await look(bundle, { mounts: [`50 27 0:60 / ${place} rw - nfs4 server:/users rw`] })
    expect(usage.state).to.equal('unknown')
    expect(usage.evidence.join()).to.include(`it lies on ${place}, a volume of type nfs4`)
  })

  it('in an exported folder: unknown; in one whose name only begins alike: not', async () => {
    const usage = await look(bundle, { exports: `${place}\t*(rw,sync)\n` })
    expect(usage.state).to.equal('unknown')
    expect(usage.evidence.join()).to.include('exports by NFS')
    expect((await look(bundle, { exports: `${place}/bob\t*(rw)\n` })).state).to.equal('detached')
  })

  it('the SMB server in the kernel: unknown', async () => {
    expect((await look(bundle, { processes: { 70: { program: 'ksmbd.mountd' } } })).state).to.equal('unknown')
  })

  it('what is known to be used is not made doubtful by what could not be found out', async () => {
    const open = [join(bundle.path, 'token')]
    const usage = await look(bundle, { processes: { 70: { program: 'x', open } }, exports: `${place} *(rw)\n` })
    expect(usage.state).to.equal('attached')
    expect(usage.evidence.join()).to.include('exports by NFS')
  })

  it('a loop device over a file of the FUSE mount whose program holds the bundle: attached, found by its arguments', async () => {
    const usage = await look(bundle, {
      processes: {
        70: {
          program: 'sparsebundlefs',
          open: [join(bundle.path, 'Info.plist')],
          fuse: true,
          arguments: ['x', '/fuse/a'],
        },
      },
      mounts: [
        '60 27 0:70 / /fuse/a ro - fuse.sparsebundlefs sparsebundlefs ro',
        '61 27 0:71 / /fuse/b ro - fuse.sparsebundlefs sparsebundlefs ro',
        '62 27 7:3 / /mnt/in\\040a ro - hfsplus /dev/loop3 ro',
        '63 27 7:4 / /mnt/in-b ro - hfsplus /dev/loop4 ro',
      ],
      loops: { loop3: '/fuse/a/sparsebundle.dmg', loop4: '/fuse/b/sparsebundle.dmg' },
    })
    expect(usage.state).to.equal('attached')
    expect(usage.mountPoints).to.deep.equal(['/fuse/a', '/mnt/in a'])
    expect(usage.usedBy).to.include('/dev/loop3').and.not.include('/dev/loop4')
  })

  it('what cannot be read makes unknown, never detached', async () => {
    for (const missing of ['locks', 'self/mountinfo', '']) {
      const places = fakeProc({})
      rmSync(`${places.processes}/${missing}`, { recursive: true })
      const usages = await lookAtUsage(linux, [bundle], { excludePids: [], quietSeconds: 2, places })
      const usage = usages.get(bundle.path) as Usage
      expect(usage.state, missing).to.equal('unknown')
      expect(usage.evidence[0]).to.include('could not be read')
    }
  })

  it('without root, the processes of others make it unknown', async () => {
    chmodSync(place, 0o755)
    process.seteuid?.(65534)
    let usage: Usage | undefined
    try {
      const looks = { first: 'a', second: 'a', secondsApart: 3 }
      const usages = await lookAtUsage(linux, [{ ...bundle, looks }], { excludePids: [], quietSeconds: 2 })
      usage = usages.get(bundle.path)
    } finally {
      process.seteuid?.(0)
    }
    expect(usage?.state).to.equal('unknown')
    expect(usage?.evidence.join()).to.match(/could not look into the open files of \d+ processes.*run as root/u)
  })
})
