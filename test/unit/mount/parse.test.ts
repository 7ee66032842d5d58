import { execFileSync } from 'node:child_process'
import { Buffer } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { combine, type Clue } from '../../../lib/mount/clue.js'
import { parseHdiutilInfo } from '../../../lib/mount/hdiutil.js'
import { parseLocks } from '../../../lib/mount/locks.js'
import { lsofArguments, parseLsof } from '../../../lib/mount/lsof.js'
import { parseMacMount, volumeOf } from '../../../lib/mount/mount-output.js'
import { deviceText, othersMayUse, parseMountinfo, unescape } from '../../../lib/mount/mountinfo.js'
import { parseExports } from '../../../lib/mount/nfs-server.js'
import { parseProcessStat, parsePs, parseSharedMappings, withDescendants } from '../../../lib/mount/process-list.js'
import { parsePasswd, parseUserList, userName } from '../../../lib/mount/user-names.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { shared } from '../../support/shared.js'
import { hold, makeBundle } from './holder.js'
import { temporaryFolder } from '../../support/temporary.js'

const raw = (text: string): RawPath => fromText(text)

describe('hdiutil info -plist', () => {
  const recorded = {
    'info-plist.nothing-attached.10.13.plist': [],
    'info-plist.nothing-attached.plist': [],
    'info-plist.ramdisk.10.13.plist': ['ram://4194304'],
    'info-plist.three-images.plist': [
      '/Users/someone/build/Other_0.0.0_aarch64.dmg',
      '/private/tmp/brdetect/demo.dmg',
      '/private/tmp/brdetect/work.sparseimage',
    ],
    'info-plist.two-sparsebundles.author-trimmed.plist': [
      '/Volumes/Other/scratch.dmg',
      `/tmp/gone/cs/sha256/${'a'.repeat(64)}/rootfs.sparsebundle`,
      `/tmp/a&b/cs/sha256/${'b'.repeat(64)}/rootfs.sparsebundle`,
    ],
  }
  for (const [name, paths] of Object.entries(recorded)) {
    it(`${name}, also with junk around it`, function () {
      const bytes = readFileSync(shared(this, `hdiutil/${name}`))
      expect(parseHdiutilInfo(bytes).map(({ imagePath }) => imagePath)).to.deep.equal(paths)
      const junk = Buffer.concat([Buffer.from('Agree Y/N? \u00ff\n'), bytes, Buffer.from('Finishing\u2026\n\0')])
      expect(parseHdiutilInfo(junk)).to.deep.equal(parseHdiutilInfo(bytes))
    })
  }

  it('devices, mount points, holder, owner and the right to write are told', function () {
    const images = parseHdiutilInfo(readFileSync(shared(this, 'hdiutil/info-plist.three-images.plist')))
    expect(images[1]).to.deep.equal({
      imagePath: '/private/tmp/brdetect/demo.dmg',
      mountPoints: ['/Volumes/bladerunner-demo'],
      devices: ['/dev/disk6', '/dev/disk6s1', '/dev/disk9', '/dev/disk9s1'],
      holderPid: 18610,
      writeable: false,
      ownerUid: 501,
    })
    expect(images[2]?.mountPoints).to.deep.equal([])
  })

  const document = (body: string): Buffer => Buffer.from(`<?xml version="1.0"?><plist version="1.0">${body}</plist>`)
  const refused: Record<string, Buffer> = {
    'nothing at all': Buffer.alloc(0),
    'text for people': Buffer.from('framework       : 683.100.3\n'),
    'a plist that is cut off': Buffer.from('<?xml version="1.0"?><plist version="1.0"><dict>'),
    'a list': document('<array/>'),
    'images that are no list': document('<dict><key>images</key><string>x</string></dict>'),
    'an image without a path': document('<dict><key>images</key><array><dict/></array></dict>'),
    'an entity bomb': Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><plist version="1.0"><dict><key>images</key><string>&b;</string></dict></plist>',
    ),
    'eight megabytes': document(`<dict><key>x</key><string>${'x'.repeat(9 * 1024 * 1024)}</string></dict>`),
  }
  for (const [what, bytes] of Object.entries(refused)) {
    it(`${what} is refused`, () => {
      expect(() => parseHdiutilInfo(bytes))
        .to.throw()
        .with.property('code', 'plist-invalid')
    })
  }

  it('nothing but the path is needed of an image', () => {
    const bytes = document(
      '<dict><key>images</key><array><dict><key>image-path</key><string>/\u00e9</string></dict></array></dict>',
    )
    expect(parseHdiutilInfo(bytes)).to.deep.equal([{ imagePath: raw('/\u00e9'), mountPoints: [], devices: [] }])
  })

  it('any bytes give images or an error in plain words', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const output = Buffer.concat([Buffer.from('<?xml'), bytes, Buffer.from('</plist>')])
        try {
          parseHdiutilInfo(output)
        } catch (error) {
          expect(error).to.have.property('code', 'plist-invalid')
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('lsof', () => {
  it('the real one, asked about a real open file, is understood', () => {
    const bundle = makeBundle(raw(`${temporaryFolder()}/new\nline.sparsebundle`))
    const token = `${bundle.path}/token`
    const pid = hold(token as RawPath)
    const output = execFileSync('lsof', [...lsofArguments, token])
    const files = parseLsof(output)
    const { dev, ino } = statSync(token)
    expect(files).to.have.length(1)
    expect(files[0]).to.include({ pid, program: 'sleep', uid: 0, user: 'root', device: dev, inode: ino })
  })

  it('several processes and files, missing fields', () => {
    const output = Buffer.from(
      'p1\0ca b\0u501\0Lbob\0\nf3\0D0x1000004\0i99\0n/x\0\nf4\0n/y\0\np2\0\nf5\0Dnonsense\0i\0n/z\0\nf6',
    )
    expect(parseLsof(output)).to.deep.equal([
      { pid: 1, program: 'a b', uid: 501, user: 'bob', device: 0x1000004, inode: 99, name: '/x' },
      { pid: 1, program: 'a b', uid: 501, user: 'bob', name: '/y' },
      { pid: 2, program: 'a process', name: '/z' },
      { pid: 2, program: 'a process', name: '' },
    ])
  })
})

describe('mount tables', () => {
  it('a Mac: network, local and exported volumes; blanks, brackets and " on " in names', () => {
    const volumes = parseMacMount(
      Buffer.from(
        '/dev/disk1s1 on / (apfs, local, journaled)\n' +
          '//bob@nas/share on /Volumes/share (1) (smbfs, nodev, nosuid, mounted by bob)\n' +
          '/dev/disk2 on /Volumes/up on high (hfs, NFS exported, local, journaled)\nnonsense\n',
      ),
    )
    expect(volumes.map(({ point, local, exported }) => [point, local, exported])).to.deep.equal([
      ['/', true, false],
      ['/Volumes/share (1)', false, false],
      ['/Volumes/up on high', true, true],
    ])
    expect(volumeOf(volumes, raw('/Volumes/share (1)/a'))?.type).to.equal('smbfs')
    expect(volumeOf(volumes, raw('/Volumes/share (1)a'))?.type).to.equal('apfs')
  })

  it('a Mac: a line of 1 MiB of the words between its parts', () => {
    // With a pattern that tries each of them it takes a minute.
    const line = `/dev/disk4${' on /Volumes/a ('.repeat(65_536)}`
    expect(parseMacMount(Buffer.from(`${line}\n`))).to.deep.equal([])
    expect(parseMacMount(Buffer.from(`${line}hfs, local)\n`))).to.have.lengthOf(1)
  })

  it('Linux: optional fields, escapes, and the later of two mounts at one place', () => {
    const mounts = parseMountinfo(
      '36 35 98:0 / /mnt/a\\040b\\012\\134 rw,noatime master:1 shared:2 - ext4 /dev/root rw\n' +
        '37 35 0:40 / /mnt/a\\040b\\012\\134 rw - nfs4 server:/x rw\n50 1 2:3 / broken\n\n',
    )
    expect(mounts).to.have.length(2)
    expect(volumeOf(mounts, raw('/mnt/a b\n\\/x'))).to.deep.include({ type: 'nfs4', device: '0:40' })
    expect(unescape('\\1234\\x')).to.equal('S4\\x')
  })

  it('this machine: the device of / is the one of its line', () => {
    const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'latin1'))
    expect(volumeOf(mounts, raw('/proc'))?.device).to.equal(deviceText(statSync('/proc').dev))
    const large = 0x12000 * 2 ** 32 + 0x345 * 2 ** 8 + 0x678 * 2 ** 20 + 0x9a
    expect(deviceText(large)).to.equal(`${String(0x12345)}:${String(0x6789a)}`)
  })

  it('network file systems, and FUSE programs of which it cannot be told', () => {
    for (const type of ['nfs', 'nfs4', 'cifs', 'smb3', 'fuse.sshfs', '9p', 'ceph', 'fuse.glusterfs', 'afs', 'fuse'])
      expect(othersMayUse(type), type).to.be.true
    for (const type of ['ext4', 'btrfs', 'zfs', 'fuseblk', 'fuse.mergerfs', 'overlay', 'tmpfs'])
      expect(othersMayUse(type), type).to.be.false
  })
})

describe('tables of the kernel and of users', () => {
  it('locks', () => {
    const text =
      '1: POSIX  ADVISORY  WRITE 312 fe:00:123 0 EOF\n1: -> POSIX  ADVISORY  WRITE 400 fe:00:123 0 EOF\n' +
      '2: OFDLCK ADVISORY  READ -1 00:2a:9 128 255\n3: FLOCK  ADVISORY  WRITE 7 <none>:0 0 EOF\nx\n'
    expect(parseLocks(text)).to.deep.equal([
      { kind: 'POSIX', pid: 312, device: '254:0', inode: 123 },
      { kind: 'OFDLCK', pid: -1, device: '0:42', inode: 9 },
    ])
  })

  it('a process may call itself anything', () => {
    const line = parseProcessStat('12 (a) R 1 (b\n) S 7 1 1 0 -1 2129984 0')
    expect(line).to.deep.equal({ pid: 12, parentPid: 7, program: 'a) R 1 (b\n', state: 'S', kernelThread: true })
    expect(parseProcessStat('')).to.equal(undefined)
  })

  it('descendants, also in a circle', () => {
    const table = parsePs('  1     0\n 5     1\n 6     5\n 7     6\n 8 1\n9 9\n')
    expect([...withDescendants(table, [5, 9])].sort()).to.deep.equal([5, 6, 7, 9])
  })

  it('only files mapped shared and writable', () => {
    const text =
      '55-56 r--p 0 fe:00 1                 /bin/sh\n7f0-7f1 rw-s 00000000 fe:00 12          /a/b\\012 c\n' +
      '7f2-7f3 r--s 0 fe:00 13              /d\n7f4-7f5 rw-s 0 00:01 14\n'
    expect(parseSharedMappings(text)).to.deep.equal([{ range: '7f0-7f1', target: '/a/b\n c' }])
  })

  it('exports', () => {
    expect(parseExports('# Version 1.1\n/srv/a\\040b\t*(rw)\n"/quoted one" x(ro)\n\n/c\n')).to.deep.equal([
      '/srv/a b',
      '/quoted one',
      '/c',
    ])
  })

  it('names of users', () => {
    const names = parsePasswd('root:x:0:0::/:/x\ntoor:x:0:0::/:/x\nbob\u001b:x:501:20::/:/x\n#\n:x:9:\n')
    expect([userName(names, 0), userName(names, 501), userName(names, 9)]).to.deep.equal(['root', 'bob\\x1b', 'uid 9'])
    expect(parseUserList('_www       70\nbob        501\nnobody  -2\n').get(501)).to.equal('bob')
  })
})

describe('what all clues together say', () => {
  const clue = fc.record({
    says: fc.constantFrom<Clue['says']>('attached', 'in-use-elsewhere', 'changing', 'unknown', 'note'),
    evidence: fc.string({ minLength: 1 }),
  })
  const look = fc.option(
    fc.record({ first: fc.constantFrom('a', 'b'), second: fc.constant('a'), secondsApart: fc.nat(9) }),
    { nil: undefined },
  )

  it('evidence is never empty; detached only where nothing speaks against it', () => {
    fc.assert(
      fc.property(fc.array(clue), look, (clues, looks) => {
        const usage = combine(clues, looks, 2)
        expect(usage.evidence).not.to.deep.equal([])
        const quiet = clues.every(({ says }) => says === 'note') && looks?.first !== 'b'
        expect(usage.state === 'detached').to.equal(quiet)
      }),
    )
  })

  it('a clue more never makes a used image look free, nor an equal look', () => {
    fc.assert(
      fc.property(fc.array(clue), fc.array(clue), look, (some, more, looks) => {
        const used = combine(some, undefined, 2).state
        const now = combine([...some, ...more], looks, 2).state
        if (used === 'attached') expect(now).to.equal('attached')
        if (used !== 'detached') expect(now).not.to.equal('detached')
      }),
    )
  })
})
