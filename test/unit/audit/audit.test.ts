import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { hosts, makeLab, needHost, runSession } from '../../support/session/index.js'
import { skip } from '../../support/skip.js'
import { auditOf, backupSet, each, longAgo, stamps } from './set.js'

describe('an audit of what LBackup missed', function () {
  this.timeout(60_000)

  for (const [delta, byStat, byBytes] of [
    [0, 0, 1],
    [1, 1, 1],
    [5, 1, 1],
    [19, 1, 1],
    [20, 1, 1],
    [-5, 1, 1],
    [21, 0, 0],
  ] as const) {
    it(`finds a band rewritten ${String(delta)} s from its last copy, and writes nothing`, async () => {
      const { source, destination, backup, rewrite } = backupSet()
      backup()
      rewrite('1', longAgo + delta)
      backup()
      const before = stamps(destination)
      const seen = await auditOf(destination, '--source', source)
      expect([seen.code, seen.slot.compared?.missed]).to.deep.equal([byStat, byStat])
      expect(seen.slot.sections[0]?.missed.members).to.deep.equal(byStat === 1 ? ['bands/1'] : [])
      expect(seen.slot.sections[1]?.missed.count).to.equal(0)
      const read = await auditOf(destination, '--source', source, '--read')
      expect([read.code, read.slot.compared?.missed, read.slot.compared?.equal]).to.deep.equal([
        byBytes * 2,
        byBytes,
        byBytes === 0,
      ])
      expect(stamps(destination), 'nothing was written').to.equal(before)
    })
  }

  it('says since which section a band is missed', async () => {
    const { source, destination, backup, rewrite } = backupSet()
    backup()
    backup()
    rewrite('2', longAgo + 7)
    backup()
    backup()
    const { slot } = await auditOf(destination, '--source', source)
    expect(each(slot, ({ missed }) => missed.count)).to.deep.equal([
      [0, 1],
      [1, 1],
      [2, 0],
      [3, 0],
    ])
  })

  it('only suspects a band written on after the newest section: that copy is right, the next will not be', async () => {
    const { image, source, destination, backup } = backupSet()
    const band = join(image, 'bands/2')
    const now = Date.now() / 1000
    utimesSync(band, now - 5, now - 5)
    backup()
    // The kernel's clock goes in steps: not in the one in which the section was made.
    const made = statSync(join(destination, 'Section.0')).ctimeMs
    do writeFileSync(band, Buffer.alloc(8192, 'later'))
    while (statSync(band).mtimeMs <= made)
    const { code, slot } = await auditOf(destination, '--source', source)
    expect([code, slot.compared?.missed, slot.sections[0]?.suspected.members]).to.deep.equal([1, 0, ['bands/2']])
    const read = await auditOf(destination, '--source', source, '--read')
    expect(read.slot.compared, 'the copy is not held to what came later').to.include({ missed: 0, equal: null })
    backup()
    const next = await auditOf(destination, '--source', source)
    expect([next.code, next.slot.sections[0]?.missed.members]).to.deep.equal([1, ['bands/2']])
  })

  it('knows without the source what a run with --checksum found out', async () => {
    const { destination, backup, rewrite } = backupSet()
    backup()
    rewrite('1', longAgo + 5)
    backup()
    backup({ more: ['--checksum'] })
    const { code, slot } = await auditOf(destination)
    expect(code).to.equal(1)
    expect(each(slot, ({ missed }) => missed.members)).to.deep.equal([
      [0, []],
      [1, ['bands/1']],
      [2, []],
    ])
  })

  it('suspects without the source what was copied just after it was written and is linked since', async () => {
    const { image, source, destination, backup } = backupSet()
    const now = Date.now() / 1000
    utimesSync(join(image, 'bands/0'), now, now)
    utimesSync(join(image, 'bands/2'), now - 60, now - 60)
    backup()
    expect((await auditOf(destination)).code, 'copied once, it can be missed only by the next run').to.equal(0)
    backup()
    const { code, slot } = await auditOf(destination)
    expect(code).to.equal(1)
    expect(each(slot, ({ suspected }) => suspected.members)).to.deep.equal([
      [0, ['bands/0']],
      [1, []],
    ])
    // Section.1 rotates away: that the band is older than its section is seen by its birth.
    rmSync(join(destination, 'Section.1'), { recursive: true })
    expect((await auditOf(destination)).slot.sections[0]?.suspected.count).to.equal(1)
    expect((await auditOf(destination, '--source', source)).code, 'the image still has that time').to.equal(0)
  })

  for (const host of hosts) {
    it(`finds it in the sections of a session (${host})`, async function () {
      needHost(this, host)
      this.timeout(120_000)
      const lab = makeLab()
      const image = join(lab.source, 'bob/bob.sparsebundle')
      mkdirSync(join(lab.source, 'bob'))
      writeSparseBundle(image, { bands: [{ index: 0, length: 8192 }] })
      expect((await runSession(host, lab)).exitCode).to.equal(0)
      const band = join(image, 'bands/0')
      const time = Number(execFileSync('stat', ['-c', '%Y', band], { encoding: 'utf8' })) - 3
      writeFileSync(band, Buffer.alloc(8192, 'rewritten'))
      utimesSync(band, time, time)
      expect((await runSession(host, lab)).exitCode).to.equal(0)
      const { code, slot } = await auditOf(lab.destination, '--source', lab.source)
      expect([code, slot.sections[0]?.missed.members]).to.deep.equal([1, ['bands/0']])
    })
  }
})

describe('an audit of a set', function () {
  this.timeout(60_000)

  it('says which sections hold a complete copy, the newest of them, and why others do not', async () => {
    const { destination, backup, source, copy } = backupSet()
    for (let count = 0; count < 4; count += 1) backup()
    // Cut short in a file of its own: the others share theirs.
    rmSync(join(copy(0), 'bands/2'))
    writeFileSync(join(copy(0), 'bands/2'), Buffer.alloc(10))
    rmSync(copy(1), { recursive: true })
    symlinkSync(join(source, 'bob'), join(destination, 'Section.9'))
    mkdirSync(join(destination, 'Section.inprogress'))
    const { code, slot, document } = await auditOf(destination)
    expect(code).to.equal(2)
    expect(each(slot, ({ state }) => state)).to.deep.equal([
      [0, 'incomplete'],
      [1, 'absent'],
      [2, 'complete'],
      [3, 'complete'],
      [9, 'absent'],
    ])
    expect(slot).to.include({ newestComplete: 2, compared: null })
    expect(slot.sections[0]?.why).to.match(/Band 2 ends after 10 bytes/)
    expect(slot.sections[4]?.why).to.include('link')
    expect(document).to.deep.include({ holes: [4, 5, 6, 7, 8], inProgress: true })
    rmSync(join(destination, 'Section.0'), { recursive: true })
    expect((await auditOf(destination)).code, 'nothing in the newest section').to.equal(1)
  })

  it('looks at each copy of its own, even where all bands are shared', async () => {
    const { destination, backup, copy } = backupSet()
    for (let count = 0; count < 3; count += 1) backup()
    rmSync(join(copy(1), 'bands/2'))
    const { slot } = await auditOf(destination)
    expect(each(slot, ({ state }) => state)).to.deep.equal([
      [0, 'complete'],
      [1, 'incomplete'],
      [2, 'complete'],
    ])
  })

  it('gives an image one slot, however the source was written', async () => {
    const { destination, backup, source } = backupSet()
    backup({ from: `${source}/` })
    backup({ from: source })
    for (const written of [source, `${source}/`]) {
      const { document } = await auditOf(destination, '--source', written)
      const [slot] = document.slots
      expect(document.slots, written).to.have.lengthOf(written.endsWith('/') ? 2 : 1)
      if (!written.endsWith('/'))
        expect(each(slot as never, ({ state }) => state)).to.deep.equal([
          [0, 'complete'],
          [1, 'complete'],
        ])
    }
  })

  it('knows a source that is one file', async () => {
    const { folder, destination, backup } = backupSet()
    const image = join(folder, 'disk.sparseimage')
    writeSparseImage(image)
    utimesSync(image, longAgo, longAgo)
    backup({ from: image })
    const alone = await auditOf(destination)
    expect([alone.code, alone.slot.newestComplete]).to.deep.equal([0, 0])
    const { code, slot } = await auditOf(destination, '--source', image)
    expect([code, slot.path, slot.compared?.text]).to.deep.equal([
      0,
      image,
      'names, sizes and times are those of the image',
    ])
    expect((await auditOf(destination, '--source', image, '--read')).slot.compared?.equal).to.equal(true)
    truncateSync(join(destination, 'Section.0'), 100)
    expect((await auditOf(destination, '--source', image)).code).to.equal(2)
  })

  it('follows no planted link, opens no FIFO, and leaves nothing unsaid', async () => {
    const { folder, destination, backup, copy } = backupSet()
    backup()
    backup()
    const outside = join(folder, 'outside')
    writeSparseBundle(join(outside, 'secret.sparsebundle'), { bands: [{ index: 0, length: 8192 }] })
    symlinkSync(outside, join(copy(0), '../planted'))
    symlinkSync(join(outside, 'secret.sparsebundle'), join(copy(0), '../linked.sparsebundle'))
    rmSync(join(copy(0), 'bands'), { recursive: true })
    symlinkSync(join(outside, 'secret.sparsebundle/bands'), join(copy(0), 'bands'))
    rmSync(join(copy(1), 'bands/1'))
    execFileSync('mkfifo', [join(copy(1), 'bands/1')])
    mkdirSync(join(destination, 'Section.0', 'deep/'.repeat(300)), { recursive: true })
    for (const read of [[], ['--read']]) {
      const { slot, document } = await auditOf(destination, ...read)
      expect(document.slots.map(({ path }) => path)).to.deep.equal(['source/bob/bob.sparsebundle'])
      expect(each(slot, ({ state }) => state)).to.deep.equal([
        [0, 'incomplete'],
        [1, 'incomplete'],
      ])
      expect(document.unsearched.join()).to.include('deep')
    }
  })

  for (const [what, target, says] of [
    ['the same', '0', 'bands/1 is a symbolic link to 0'],
    ['another', '2', 'bands/1 is a symbolic link to 2, and to 0 in the image'],
  ] as const) {
    it(`tells a symbolic link in image and copy, with ${what} target, for what it is`, async () => {
      const { image, source, destination, backup, copy } = backupSet()
      rmSync(join(image, 'bands/1'))
      symlinkSync('0', join(image, 'bands/1'))
      backup()
      rmSync(join(copy(0), 'bands/1'))
      symlinkSync(target, join(copy(0), 'bands/1'))
      for (const read of [[], ['--read']]) {
        const { code, slot } = await auditOf(destination, '--source', source, ...read)
        expect([code, slot.sections[0]?.state, slot.compared?.equal]).to.deep.equal([
          2,
          'incomplete',
          target === '0' || read.length === 0 ? null : false,
        ])
        expect(slot.compared?.text, read.join()).to.include(says)
      }
    })
  }

  it('ends with 3 where a folder was not searched', async () => {
    const { destination, backup } = backupSet()
    backup()
    mkdirSync(join(destination, 'Section.0', 'deep/'.repeat(300)), { recursive: true })
    expect((await auditOf(destination)).code).to.equal(3)
  })

  it('works on a disk that is mounted read-only', function () {
    if (process.getuid?.() !== 0 || process.platform !== 'linux') skip(this, 'only root on Linux can mount read-only')
    const { destination, backup } = backupSet()
    backup()
    const program = new URL('../../../lib/cli/bin.ts', import.meta.url).pathname
    const script =
      'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && ! touch "$1/x" 2>/dev/null && shift && exec "$@"'
    const command = [process.execPath, '--import=tsx', program, 'audit', destination]
    const said = execFileSync('unshare', ['-m', 'sh', '-c', script, 'sh', destination, ...command, '--read'], {
      encoding: 'utf8',
    })
    expect(said).to.include('newest complete copy: Section.0')
  })

  it('reads with --read each file once, however many sections share it', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux counts what a process reads')
    const { folder, destination, source, backup } = backupSet()
    writeSparseBundle(join(source, 'large.sparsebundle'), {
      virtualBytes: 32 * mebibyte,
      bands: Array.from({ length: 32 }, (_, index) => ({ index, length: mebibyte })),
    })
    for (let count = 0; count < 6; count += 1) backup()
    const bytesRead = (): number => Number(/^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
    await auditOf(destination)
    const began = bytesRead()
    await auditOf(destination)
    const byStat = bytesRead() - began
    await auditOf(destination, '--read')
    const bytes = bytesRead() - began - 2 * byStat
    expect(bytes, folder).to.be.within(32 * mebibyte, 40 * mebibyte)
  })

  it('never calls damaged what it may not read', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can look as another user')
    const { folder, destination, backup, copy } = backupSet()
    backup()
    backup()
    chmodSync(folder, 0o755)
    chmodSync(join(copy(0), 'bands/1'), 0)
    const uid = process.geteuid?.() ?? 0
    process.seteuid?.(65534)
    try {
      expect((await auditOf(destination)).code).to.equal(0)
      const { code, slot } = await auditOf(destination, '--read')
      expect(code).to.equal(3)
      // The band is one file in both.
      expect(each(slot, ({ state }) => state)).to.deep.equal([
        [0, 'unreadable'],
        [1, 'unreadable'],
      ])
    } finally {
      process.seteuid?.(uid)
    }
  })
})
