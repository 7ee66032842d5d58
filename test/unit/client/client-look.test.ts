import { expect } from 'chai'
import { execFileSync, spawnSync } from 'node:child_process'
import { Buffer } from 'node:buffer'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { skip } from '../../support/skip.js'
import { bitmap, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { v2Header } from '../../support/image-writer/encryption-header.js'
import { sparseImageNodes, writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { realImage } from '../../support/real-images.js'
import { clientLab, eachShell, eachShellAndDialect, hex, type Answer, type ClientLab } from './client-lab.js'

/** `KIND PATH` of each image, the paths below the root. */
const images = (lab: ClientLab, answer: Answer): string[] =>
  answer.after('image').map((line) => {
    const words = line.split(' ')
    return `${words[0] as string} ${below(lab, words.at(-1) as string)}`
  })

const below = (lab: ClientLab, digits: string): string =>
  Buffer.from(digits, 'hex').toString('latin1').replace(`${lab.root}/`, '')

describe('client: look', () => {
  eachShellAndDialect((shell, dialect) => {
    it('finds images by name and by what they hold, and no others', () => {
      const lab = clientLab(shell, dialect)
      const at = (name: string): string => join(lab.root, name)
      writeSparseBundle(at('bob/bob.sparsebundle'))
      writeSparseBundle(at('.al/al.SparseBundle'))
      writeSparseBundle(at('tm.backupbundle'))
      writeSparseBundle(at('renamed/without suffix'))
      writeSparseBundle(at('bob/bob.sparsebundle/inner.sparsebundle'))
      writeSparseBundle(at('renamed/without suffix/inner'))
      writeSparseBundle(at('new.sparsebundle.incomplete'))
      writeSparseBundle(at('other.incomplete'))
      mkdirSync(at('empty.sparsebundle'))
      writeSparseImage(at('old.sparseimage'), { slots: [0] })
      writeSparseImage(at('named.dmg'), { slots: [0] })
      writeFileSync(at('bob/udif.DMG'), 'koly')
      writeFileSync(at('file.sparsebundle'), '')
      mkdirSync(at('folder.sparseimage'))
      mkdirSync(at('App.app/Contents'), { recursive: true })
      writeFileSync(at('App.app/Contents/Info.plist'), '')
      symlinkSync(at('bob/bob.sparsebundle'), at('link.sparsebundle'))
      symlinkSync(at('old.sparseimage'), at('link.sparseimage'))
      const answer = lab.call('look')
      // Without -printf it is not known who has a band open, and that is said.
      expect(answer.status).to.equal(dialect === 'plain' ? 'partly' : 'ok')
      expect(images(lab, answer)).to.have.members([
        ...['sparse-bundle bob/bob.sparsebundle', 'sparse-bundle .al/al.SparseBundle', 'sparse-bundle tm.backupbundle'],
        ...['sparse-bundle renamed/without suffix', 'sparse-bundle empty.sparsebundle'],
        ...['sparse-image old.sparseimage', 'sparse-image named.dmg'],
      ])
      expect(answer.after('other-image').map((digits) => below(lab, digits))).to.have.members([
        ...['new.sparsebundle.incomplete', 'other.incomplete', 'bob/udif.DMG'],
      ])
    })

    it('tells the members of a bundle whole', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a b.sparsebundle')
      const token = v2Header('seed')
      writeSparseBundle(bundle, { token, bands: [{ index: 0, length: 5000 }] })
      writeFileSync(join(bundle, 'com.apple.TimeMachine.MachineID.plist'), 'machine')
      const answer = lab.call('look')
      const facts = lstatSync(bundle, { bigint: true })
      expect(answer.after('image')[0]?.split(' ').slice(1, 4)).to.deep.equal(
        [facts.dev, facts.ino, facts.uid].map(String),
      )
      for (const name of ['Info.plist', 'Info.bckup', 'token', 'com.apple.TimeMachine.MachineID.plist']) {
        const bytes = readFileSync(join(bundle, name))
        expect(answer.bytesAfter(`file ${name} f ${String(bytes.length)}`).equals(bytes), name).to.be.true
      }
      expect(answer.lines.some((line) => line.startsWith('file bands/0'))).to.be.false
    })

    it('tells the front of band 0 where the token is empty, and all of mapped/ by number', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      const bands = [0, 2, 10, 16].map((index) => ({ index, length: 4096 * (index + 1) }))
      writeSparseBundle(bundle, { bandSize: 1024 * 1024, bands, mapped: true })
      writeFileSync(join(bundle, 'mapped', '.DS_Store'), 'no bitmap')
      const answer = lab.call('look')
      expect(answer.bytesAfter('file bands/0 f 4096').equals(readFileSync(join(bundle, 'bands/0')))).to.be.true
      const all = Buffer.concat(bands.map(({ length }) => bitmap(1024 * 1024, length)))
      expect(answer.after('bitmaps')).to.deep.equal([String(all.length)])
      expect(answer.bytesAfter('bitmaps').equals(all)).to.be.true
    })

    it('tells no more than 64 KiB of mapped/, and how long it is', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      mkdirSync(join(bundle, 'mapped'))
      for (const name of ['0', '1', '2']) writeFileSync(join(bundle, 'mapped', name), Buffer.alloc(30_000, name))
      const answer = lab.call('look')
      expect(answer.after('bitmaps')).to.deep.equal(['90000'])
      expect(answer.bytesAfter('bitmaps').toString()).to.equal(
        '0'.repeat(30_000) + '1'.repeat(30_000) + '2'.repeat(5536),
      )
    })

    it('opens no member that is no regular file, and none that is too long', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      mkdirSync(join(bundle, 'Info.bckup'), { recursive: true })
      symlinkSync('/etc/passwd', join(bundle, 'Info.plist'))
      spawnSync('mkfifo', [join(bundle, 'token'), join(lab.root, 'fifo.sparseimage'), join(lab.root, 'fifo.dmg')])
      writeFileSync(join(bundle, 'com.apple.TimeMachine.MachineID.plist'), '')
      truncateSync(join(bundle, 'com.apple.TimeMachine.MachineID.plist'), 1024 * 1024 + 1)
      symlinkSync('/etc', join(bundle, 'mapped'))
      const answer = lab.call('look')
      const kinds = answer.after('file').map((line) => line.split(' ').slice(0, 2).join(' '))
      expect(kinds).to.deep.equal([
        ...['Info.plist l', 'Info.bckup d', 'token p', 'com.apple.TimeMachine.MachineID.plist too-long'],
      ])
      expect(
        answer.lines.flatMap((line, at) => (line.startsWith('file ') ? [answer.bytes[at]?.length] : [])),
      ).to.deep.equal([0, 0, 0, 0])
      expect(answer.after('bitmaps')).to.deep.equal([])
      expect(images(lab, answer)).to.deep.equal(['sparse-bundle a.sparsebundle'])
    })

    it('follows no link from bands to band 0', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      mkdirSync(join(lab.folder, 'elsewhere'))
      writeFileSync(join(lab.folder, 'elsewhere', '0'), 'secret')
      mkdirSync(bundle)
      writeFileSync(join(bundle, 'token'), '')
      symlinkSync(join(lab.folder, 'elsewhere'), join(bundle, 'bands'))
      expect(lab.call('look').after('file').at(-1)).to.equal('bands/0 missing 0')
    })

    it('tells the nodes of a sparse image, and its end', () => {
      const lab = clientLab(shell, dialect)
      const image = join(lab.root, 'a.sparseimage')
      const shape = { sectorsPerBand: 1, slots: Array.from({ length: 2500 }, (_, index) => index), sectors: 4000 }
      writeSparseImage(image, shape)
      const { nodes, length } = sparseImageNodes(shape)
      expect(nodes).to.have.length(3)
      const answer = lab.call('look')
      expect(answer.after('part')).to.deep.equal(
        [0, length - 1276, ...nodes.slice(1).map(({ offset }) => offset)].map(String),
      )
      for (const { offset, bytes } of nodes) {
        expect(answer.bytesAfter(`part ${String(offset)}`).equals(bytes), String(offset)).to.be.true
      }
      expect(answer.bytesAfter(`part ${String(length - 1276)}`).equals(readFileSync(image).subarray(-1276))).to.be.true
    })

    it('follows no node backwards or beyond the end', () => {
      const lab = clientLab(shell, dialect)
      const names = ['0', '4096', '8192', '18446744073709551615', '9007199254740992', '4097']
      for (const [at, next] of names.entries()) {
        const bytes = Buffer.alloc(8192)
        bytes.write('sprs')
        bytes.writeBigUInt64BE(BigInt(next), 20)
        bytes.write('sprs', 4096)
        bytes.writeBigUInt64BE(4096n, 4096 + 12)
        writeFileSync(join(lab.root, `${String(at)}.sparseimage`), bytes)
      }
      const parts = lab.call('look').after('part').join(' ')
      expect(parts).to.equal('0 6916 0 6916 4096 0 6916 0 6916 0 6916 0 6916 4097')
    })

    it('tells the header of an encrypted sparse image, and copes with short ones', () => {
      const lab = clientLab(shell, dialect)
      const header = v2Header('seed')
      const bytes = Buffer.concat([header, Buffer.alloc(100_000, 7)])
      writeFileSync(join(lab.root, 'a.sparseimage'), bytes)
      writeFileSync(join(lab.root, 'b.sparseimage'), '')
      writeFileSync(join(lab.root, 'c.sparseimage'), 'sprs')
      const answer = lab.call('look')
      expect(answer.after('part')).to.deep.equal(['0', String(bytes.length - 1276), '0', '0'])
      expect(answer.bytesAfter('part 0').equals(bytes.subarray(0, 131_072))).to.be.true
      expect(answer.bytes[answer.lines.lastIndexOf('part 0')]?.toString()).to.equal('sprs')
    })

    it('tells the homes', () => {
      const lab = clientLab(shell, dialect)
      const home = join(lab.root, 'bob')
      writeSparseBundle(join(home, 'bob.sparsebundle'))
      writeFileSync(Buffer.from(`${home}/- \n\u00e4`, 'latin1'), '')
      const answer = lab.call('look')
      const { dev, uid } = statSync(home)
      expect(answer.after('home')).to.deep.equal(
        [home, dirname(home)].map((each) => `${hex(each)} ${String(dev)} ${String(uid)}`),
      )
      expect(answer.after('name')).to.have.members([hex('bob.sparsebundle'), hex(Buffer.from('- \n\u00e4', 'latin1'))])
      const at = answer.lines.findIndex((line) => line.startsWith('home '))
      expect(answer.lines[at + 1]).to.match(/^name /)
    })

    it('finds images in folders of any name', () => {
      const lab = clientLab(shell, dialect)
      const names = ['a b', '-x', '*', "q'", 'back\\slash', 'e\u00e4\u0081', '$(id)', ' ']
      for (const name of names) {
        const folder = Buffer.from(`${lab.root}/${name}`, 'latin1')
        mkdirSync(folder)
        mkdirSync(Buffer.concat([folder, Buffer.from('/x.sparsebundle')]))
      }
      mkdirSync(join(lab.root, 'new\nline/x.sparsebundle'), { recursive: true })
      const answer = lab.call('look')
      const found = names.map((name) => `sparse-bundle ${name}/x.sparsebundle`)
      if (dialect === 'gnu') found.push('sparse-bundle new\nline/x.sparsebundle')
      expect(images(lab, answer)).to.have.members(found)
      expect(answer.status).to.equal(dialect === 'gnu' ? 'ok' : 'partly')
    })

    it('looks at what it is asked for only, also at an image itself', () => {
      const lab = clientLab(shell, dialect)
      writeSparseBundle(join(lab.root, 'a/a.sparsebundle'))
      writeSparseBundle(join(lab.root, 'b/b'))
      writeSparseBundle(join(lab.root, 'c/c.sparsebundle'))
      const answer = lab.call(
        'look',
        [join(lab.root, 'a'), join(lab.root, 'b/b'), join(lab.root, 'c/c.sparsebundle')].map(hex),
      )
      expect(images(lab, answer)).to.deep.equal(
        ['a/a.sparsebundle', 'b/b', 'c/c.sparsebundle'].map((each) => `sparse-bundle ${each}`),
      )
    })

    it('counts what it walked over, and stops at the limit', () => {
      const lab = clientLab(shell, dialect)
      for (let at = 0; at < 50; at += 1) writeFileSync(join(lab.root, `file${String(at)}`), '')
      writeSparseBundle(join(lab.root, 'a.sparsebundle'), { bands: [{ index: 0, length: 1 }] })
      expect(lab.call('look').after('entries')).to.deep.equal(['52'])
      lab.configure('max-entries 51')
      const answer = lab.call('look')
      expect(answer.status).to.equal('too-much')
      expect(answer.problems).to.deep.equal(['A root holds more than 51 names.'])
    })

    it('does not look into what it may not', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell, dialect)
      mkdirSync(join(lab.root, 'closed a'), { mode: 0o700 })
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      chmodSync(join(lab.root, 'a.sparsebundle/token'), 0)
      const answer = lab.call('look', [], { uid: 65534 })
      expect(answer.after('skipped')).to.deep.equal([`unreadable ${hex(join(lab.root, 'closed a'))}`])
      expect(answer.status).to.equal('partly')
      expect(answer.after('file')).to.include('token unreadable 0')
      chmodSync(lab.root, 0o711)
      const closed = lab.call('look', [], { uid: 65534 })
      expect([closed.after('root')[0]?.split(' ')[1], closed.status]).to.deep.equal(['unreadable', 'partly'])
    })

    it('does not go to other file systems', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can mount')
      const lab = clientLab(shell, dialect)
      for (const name of ['bob', 'a.sparsebundle']) {
        const point = join(lab.root, name)
        mkdirSync(point)
        if (spawnSync('mount', ['-t', 'tmpfs', 'none', point]).status !== 0) skip(this, 'nothing can be mounted here')
      }
      try {
        writeSparseBundle(join(lab.root, 'bob/bob.sparsebundle'))
        const answer = lab.call('look')
        expect(answer.after('image')).to.deep.equal([])
        expect(answer.after('skipped')).to.have.members(
          ['bob', 'a.sparsebundle'].map((name) => `other-device ${hex(join(lab.root, name))}`),
        )
      } finally {
        for (const name of ['bob', 'a.sparsebundle']) execFileSync('umount', [join(lab.root, name)])
      }
    })

    it('tells how deep it went', () => {
      const lab = clientLab(shell, dialect)
      const deep = join(lab.root, ...Array.from({ length: 64 }, () => 'd'))
      mkdirSync(join(deep, 'x.sparsebundle'), { recursive: true })
      writeSparseBundle(join(dirname(deep), 'y.sparsebundle'))
      const answer = lab.call('look')
      expect(answer.after('skipped')).to.deep.equal([`depth ${hex(deep)}`])
      expect(answer.after('image')).to.have.length(1)
    })
  })

  eachShell((shell) => {
    it('tells a real image', function () {
      const lab = clientLab(shell)
      const { file } = realImage(this, 'gpt-aes128-v2.sparsebundle.tgz')
      lab.configure(`root ${file}`)
      const answer = lab.call('look')
      const token = readFileSync(join(file, 'token'))
      expect(answer.bytesAfter(`file token f ${String(token.length)}`).equals(token)).to.be.true
      expect(answer.bytesAfter('file Info.plist f').equals(readFileSync(join(file, 'Info.plist')))).to.be.true
    })
  })
})
