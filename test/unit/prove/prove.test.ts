import { chmodSync, lstatSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { memberName } from '../../../lib/image/member-table.js'
import { prove } from '../../../lib/prove/prove.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { copies, inode, kinds, longAgo } from './support.js'

const other = Buffer.alloc(8192, 'other')

describe('prove', () => {
  it('proves a copy by reading all of it once, and an unchanged one the next night by reading nothing', async () => {
    const set = copies()
    set.backup()
    const first = await set.prove()
    expect(first.result).to.equal('proven')
    expect(first.counts).to.include({ checked: first.counts.members, read: 14, reused: 0 })
    set.backup()
    const second = await set.prove()
    expect(second.result).to.equal('proven')
    expect(second.counts).to.include({ read: 0, reused: 14, bytesRead: 0 })
    set.band('1', other, longAgo + 100)
    set.backup()
    const third = await set.prove()
    expect(third.result).to.equal('proven')
    expect(third.counts).to.include({ read: 2, bytesRead: 2 * 8192 })
  })

  for (const delta of [0, 1, 5, 19, 20, -5]) {
    it(`finds a band rewritten ${String(delta)} s from its last copy, and reads nothing else`, async () => {
      const set = copies()
      set.backup()
      await set.prove()
      set.band('2', other, longAgo + delta)
      set.backup()
      const proof = await set.prove()
      expect(proof.result).to.equal('wrong')
      expect(kinds(proof)).to.deep.equal([['missed-change', 'bands/2']])
      expect(proof.counts.read).to.equal(1)
    })
  }

  it('takes what changed during the run for mixed, and what changed after it for no fault of the copy', async () => {
    const set = copies()
    set.backup()
    // The clock of files may be some milliseconds behind.
    const before = Date.now()
    set.band('1', Buffer.alloc(8192, 'new'), longAgo)
    const mixed = await set.prove({ still: false, lookedBefore: before, copiedBefore: Date.now() + 1000 })
    expect(kinds(mixed)).to.deep.equal([['mixed', 'bands/1']])
    const moved = await set.prove({ still: false, copiedBefore: before - 50, trusted: [] })
    expect(moved).to.include({ result: 'moved-on' })
    expect(moved.wrong).to.deep.equal([])
    expect(moved.counts.checked).to.be.below(moved.counts.members)
  })

  it('names what is missing, extra, cut short, of another type, and altered behind our back', async () => {
    const set = copies(6)
    set.backup()
    await set.prove()
    set.backup()
    const bands = join(set.copy, 'bands')
    rmSync(join(bands, '0'))
    rmSync(join(bands, '1'))
    symlinkSync('2', join(bands, '1'))
    writeFileSync(join(bands, 'f'), 'x')
    rmSync(join(bands, '2'))
    execFileSync('cp', ['-p', join(set.source, 'bands/2'), join(bands, '2')])
    truncateSync(join(bands, '2'), 100)
    utimesSync(join(bands, '2'), longAgo, longAgo)
    // Written through the link that both sections share.
    writeFileSync(join(bands, '3'), other)
    const proof = await set.prove()
    expect(proof.result).to.equal('wrong')
    expect(kinds(proof)).to.deep.equal([
      ['missing', 'bands/0'],
      ['type', 'bands/1'],
      ['size', 'bands/2'],
      ['damaged', 'bands/3'],
      ['extra', 'bands/f'],
    ])
  })

  it('takes a link for equal only where it leads to the same place', async () => {
    const set = copies(2)
    const links = ['same', 'other', 'turned'].map((name) => [name, join(set.source, name)] as const)
    for (const [, path] of links) symlinkSync('bands/0', path)
    set.backup()
    const there = ['other', 'turned'].map((name) => join(set.copy, name))
    for (const path of there) {
      rmSync(path)
      symlinkSync('/etc/passwd', path)
    }
    expect(kinds(await set.prove())).to.deep.equal([['type', 'other', 'turned']])
    // Of what the image has had since it was copied the copy knows nothing.
    const moved = await set.prove({ copiedBefore: lstatSync(join(set.source, 'turned')).ctimeMs - 1 })
    expect(moved).to.deep.include({ result: 'moved-on', wrong: [], movedOn: 2 })
  })

  it('does not take another file for the known one although inode, size and mtime are the same', async () => {
    const set = copies(2)
    set.backup()
    await set.prove()
    const known = set.trusted
    // The section rotates away, and its inode number is given to a new file with other bytes.
    rmSync(set.sections.pop() as string, { recursive: true })
    set.backup()
    const band = join(set.copy, 'bands/1')
    writeFileSync(band, other)
    utimesSync(band, longAgo, longAgo)
    for (const manifest of known.flatMap((one) => one.read() ?? [])) {
      const row = Array.from({ length: manifest.copy.length }, (_, at) => memberName(manifest.copy, at)).indexOf(
        fromText('bands/1'),
      )
      manifest.copy.inode[row] = inode(band)
    }
    set.trusted = known.map((one) => ({ ...one, image: fromText('/gone/bob.sparsebundle') }))
    const proof = await set.prove()
    expect(proof.result).to.equal('wrong')
    expect(kinds(proof)).to.deep.equal([['missed-change', 'bands/1']])
  })

  it('uses no fingerprint of a source that was written a moment before it was looked at', async () => {
    const set = copies(2)
    set.band('1', other)
    set.backup()
    const proof = await set.prove({ granularity: 1000 })
    // It waited until a write would show.
    expect(proof.result).to.equal('proven')
    const newest = Date.now() - 2000
    expect(inode(join(set.source, 'bands/1'))).to.be.above(0)
    for (let row = 0; row < proof.manifest.copy.length; row += 1) {
      if (proof.manifest.source.usable[row] === 1) {
        expect(proof.manifest.source.changed[row]).to.be.at.most(newest * 1000)
      }
    }
  })

  it('stops at its deadline, and goes on the next night where it stopped', async () => {
    const set = copies(4)
    set.backup()
    const first = await set.prove({ deadline: 0 })
    expect(first.result).to.equal('unfinished')
    expect(first.counts).to.include({ read: 0, checked: 1 })
    set.backup()
    const second = await set.prove()
    expect(second.result).to.equal('proven')
    expect(second.counts.reused).to.equal(0)
  })

  it('reads a sparse image in pieces and names those that differ', async () => {
    const folder = temporaryFolder()
    const [source, copy] = [join(folder, 'a.sparseimage'), join(folder, 'b.sparseimage')]
    const bytes = Buffer.alloc(20 * 1024 * 1024, 1)
    writeFileSync(source, bytes)
    bytes[9 * 1024 * 1024] = 2
    writeFileSync(copy, bytes)
    for (const path of [source, copy]) utimesSync(path, longAgo, longAgo)
    const proof = await prove({
      source: fromText(source),
      copy: fromText(copy),
      container: 'sparse-image',
      lookedBefore: 0,
      copiedBefore: Date.now(),
      still: true,
      trusted: [],
      granularity: 1,
      deadline: Infinity,
    })
    expect(proof.wrong).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['a.sparseimage'], pieces: [1] }])
  })

  it('says of a source that cannot be read that it could not compare', async function () {
    const set = copies(2)
    set.backup()
    rmSync(join(set.source, 'bands'), { recursive: true })
    const gone = await set.prove({ source: fromText('/nowhere/x.sparsebundle') })
    expect(gone).to.include({ result: 'source-unreadable' })
    expect(gone.because).to.contain('/nowhere')
    chmodSync(set.copy, 0o755)
  })

  it('hashes in threads', async () => {
    const set = copies(2)
    set.band('0', Buffer.alloc(48 * 1024 * 1024, 7), longAgo)
    set.band('1', Buffer.alloc(48 * 1024 * 1024, 8), longAgo)
    set.backup()
    const proof = await set.prove({ readers: 2 })
    expect(proof.result).to.equal('proven')
    expect(proof.counts.bytesRead).to.be.above(4 * 48 * 1024 * 1024)
  })
})
