import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { memberName } from '../../../lib/image/member-table.js'
import { prove } from '../../../lib/prove/prove.js'
import type { Proof } from '../../../lib/prove/proof-type.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { copies, kinds, longAgo, type Copies } from './support.js'

const other = Buffer.alloc(8192, 'other')

/** Proves while `meanwhile` is called before each member is read, and once after the last: with how many were begun. */
async function proveWhile(set: Copies, meanwhile: (begun: number) => void, deadline = Infinity): Promise<Proof> {
  let begun = 0
  // The deadline is compared with the clock before each member, and nowhere else in one thread.
  const watched = {
    valueOf() {
      meanwhile(begun++)
      return begun > deadline ? 0 : Infinity
    },
  }
  const proof = await prove({
    source: fromText(set.source),
    copy: fromText(set.copy),
    container: 'sparse-bundle',
    lookedBefore: Date.now() - 60_000,
    copiedBefore: Date.now(),
    still: true,
    trusted: set.trusted,
    granularity: 1,
    deadline: watched as unknown as number,
  })
  set.trusted = [{ image: fromText(set.copy), read: () => proof.manifest }]
  return proof
}

const first =
  (action: () => void) =>
  (begun: number): void => {
    if (begun === 0) action()
  }

const rowOf = ({ manifest: { copy } }: Proof, name: string): number =>
  [...copy.type.keys()].find((at) => memberName(copy, at) === name) ?? -1

describe('what happens while a copy is compared', () => {
  const swaps: readonly (readonly [string, (path: string, folder: string) => void])[] = [
    ['removed', () => undefined],
    ['swapped for a link', (path) => symlinkSync('/etc/passwd', path)],
    ['swapped for a FIFO', (path) => execFileSync('mkfifo', [path])],
    ['swapped for a folder', (path) => mkdirSync(path)],
    ['written', (path) => writeFileSync(path, other)],
    [
      'swapped for another file of its size and time',
      (path) => {
        writeFileSync(path, other)
        utimesSync(path, longAgo, longAgo)
      },
    ],
  ]
  for (const [what, swap] of swaps) {
    it(`a member of the image is ${what}: it moved on, and no fault is the copy's`, async () => {
      const set = copies(3)
      set.backup()
      const band = join(set.source, 'bands/1')
      const proof = await proveWhile(
        set,
        first(() => {
          rmSync(band)
          swap(band, set.source)
        }),
      )
      expect(proof).to.deep.include({ result: 'moved-on', wrong: [], movedOn: 1 })
      expect(proof.manifest.source.usable[rowOf(proof, 'bands/1')], 'vouches for the band').to.equal(0)
    })
  }

  it('the image is moved away: all that was not read moved on', async () => {
    const set = copies(3)
    set.backup()
    const proof = await proveWhile(
      set,
      first(() => renameSync(set.source, `${set.source}.away`)),
    )
    expect(proof).to.deep.include({ result: 'moved-on', wrong: [] })
  })

  for (const [what, swap] of swaps.slice(0, 3)) {
    it(`a member of the copy is ${what}: it is unreadable, and nothing else is read in its place`, async () => {
      const set = copies(3)
      set.backup()
      const band = join(set.copy, 'bands/1')
      const proof = await proveWhile(
        set,
        first(() => {
          rmSync(band)
          swap(band, set.copy)
        }),
      )
      expect(kinds(proof)).to.deep.equal([['unreadable', 'bands/1']])
      expect(proof.wrong[0]?.because).to.contain('bands/1')
    })
  }

  it('a member of the copy is written after it was read: its digest vouches for nothing', async () => {
    const set = copies(3)
    set.backup()
    const band = join(set.copy, 'bands/1')
    const read = await proveWhile(set, (begun) => {
      if (begun < 14 - 2) return
      writeFileSync(band, other)
      // So near that rsync links it again.
      utimesSync(band, longAgo + 5, longAgo + 5)
    })
    expect(read.counts.read).to.equal(12)
    expect(read.manifest.known[rowOf(read, 'bands/1')], 'its digest is known').to.equal(0)
    set.backup()
    expect(kinds(await set.prove())).to.deep.equal([['damaged', 'bands/1']])
  })

  it('the time is over in the middle: the next night reads only what is left, and then proves all of it', async () => {
    const set = copies(6)
    set.backup()
    const begun = await proveWhile(set, () => undefined, 7)
    expect(begun.result).to.equal('unfinished')
    expect(begun.counts.read).to.equal(7)
    set.backup()
    const ended = await set.prove()
    expect(ended.result).to.equal('proven')
    // Six digests are of pairs; the seventh is a source's whose copy was not read, which proves nothing.
    expect(ended.counts).to.include({ reused: 6, read: 18 - 6 })
  })

  it('a member was removed after rsync had ended: what the copy still has is no fault of it', async () => {
    const set = copies(3)
    writeFileSync(join(set.source, 'lock'), '')
    set.backup()
    const copiedBefore = Date.now()
    expect(await set.prove({ copiedBefore })).to.include({ result: 'proven' })
    rmSync(join(set.source, 'lock'))
    rmSync(join(set.source, 'bands/2'))
    const proof = await set.prove({ copiedBefore })
    expect(proof).to.deep.include({ result: 'moved-on', wrong: [], movedOn: 2 })
    for (const path of [set.source, join(set.source, 'bands')]) utimesSync(path, longAgo, longAgo)
    expect(kinds(await set.prove({ copiedBefore }))).to.deep.equal([['extra', 'lock', 'bands/2']])
  })

  it('a band missed two nights ago is told as such, although the newest manifest is of an older file', async () => {
    const set = copies(3)
    set.backup()
    await set.prove()
    const older = set.trusted
    set.band('1', Buffer.alloc(8192, 'new'), longAgo + 100)
    set.backup()
    set.band('1', other, longAgo + 105)
    set.backup()
    set.trusted = older
    expect(kinds(await set.prove())).to.deep.equal([['missed-change', 'bands/1']])
  })
})
