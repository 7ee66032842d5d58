import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { holdOpen } from '../support/history/machine.js'
import { v2Header } from '../support/image-writer/encryption-header.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { realImage } from '../support/real-images.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { night } from './support/night.js'
import { backupSet, bandOf, digests, rewrite, writeImage } from './support/set.js'

const undo: (() => void)[] = []

function hold(image: string): () => void {
  const letGo = holdOpen(join(image, 'token'))
  undo.push(letGo)
  return letGo
}

const inSection = ({ destination, source }: Lab, image: string, number = 0): string =>
  join(destination, `Section.${String(number)}/source`, image.slice(source.length))

/** The one copy of a slot in the store. */
function inStore({ destination }: Lab, slot: string, image: string): string {
  const folder = join(destination, '.lbackup-filevault/kept', slot)
  const [generation = '', ...more] = readdirSync(folder).filter((name) => name !== 'current')
  expect(more).to.deep.equal([])
  return join(folder, generation, basename(image))
}

const encrypted = { token: v2Header('one for both') }

describe('the history of a slot', function () {
  this.timeout(180_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })
  afterEach(() => {
    for (const step of undo.splice(0)) step()
  })

  /** Two homes with the same image, of which the second is a copy of the first. */
  async function twoHomes(lab: Lab, original: string, copied: string): Promise<void> {
    mkdirSync(dirname(copied), { recursive: true })
    cpSync(original, copied, { recursive: true, preserveTimestamps: true })
    const stateFolder = protect(lab)
    const first = await night('ours', lab, stateFolder)
    const [one, two] = [first.image(original.slice(lab.source.length)), first.image(copied.slice(lab.source.length))]
    expect([one.verdict, two.verdict]).to.deep.equal(['proven', 'proven'])
    expect(one.slot).not.to.equal(two.slot)
    rewrite(bandOf(copied, '0'), 100)
    await night('ours', lab, stateFolder)
    const [mine, theirs] = [imageDigest(original), imageDigest(copied)]
    expect(mine).not.to.equal(theirs)
    // Both in use and written: each gets its own back, although the other's is as new and of the same UUID.
    for (const image of [original, copied]) {
      hold(image)
      rewrite(bandOf(image, '0'), 100)
    }
    const used = await night('ours', lab, stateFolder)
    for (const [image, digest] of [
      [original, mine],
      [copied, theirs],
    ] as const) {
      const judged = used.image(image.slice(lab.source.length))
      expect(judged.kept, judged.reason).to.include({ done: 'older-copy', proven: true })
      expect(imageDigest(inSection(lab, image)), image).to.equal(digest)
    }
    // The one goes: the other's copies are none of its, however often LBackup rotates.
    rmSync(original, { recursive: true })
    await night('ours', lab, stateFolder)
    const gone = await night('ours', lab, stateFolder)
    expect(existsSync(inSection(lab, original))).to.be.false
    expect(imageDigest(inSection(lab, copied))).to.equal(theirs)
    const status = gone.status.slots.find(({ slot }) => slot === one.slot)
    expect(status?.goneSince).to.be.a('string')
    expect(status?.kept).to.include({ newestGoodIn: 'store', generations: 1 })
    expect(imageDigest(inStore(lab, one.slot, original))).to.equal(mine)
    expect(imageDigest(inStore(lab, two.slot, copied))).to.equal(theirs)
  }

  it('is one for each home, although both hold an image of the same UUID', async () => {
    const lab = makeLab({ settings: { numRotations: '1' } })
    const original = join(lab.source, 'bob/home.sparsebundle')
    writeImage(original, 'home', encrypted)
    await twoHomes(lab, original, join(lab.source, 'carol/home.sparsebundle'))
  })

  it('is one for each home, with a real encrypted image', async function () {
    const lab = makeLab({ settings: { numRotations: '1' } })
    const { file } = realImage(this, 'gpt-aes128-v2.sparsebundle.tgz')
    const original = join(lab.source, 'bob', basename(file))
    mkdirSync(dirname(original))
    cpSync(file, original, { recursive: true, preserveTimestamps: true })
    await twoHomes(lab, original, join(lab.source, 'carol', basename(file)))
  })

  it('goes on while the image moves between the home and the hidden home', async () => {
    const set = backupSet({ shape: encrypted, settings: { numRotations: '2' } })
    const { lab, stateFolder } = set
    const hidden = join(lab.source, '.bob/bob.sparsebundle')
    const first = await night('ours', lab, stateFolder)
    mkdirSync(dirname(hidden))
    renameSync(set.image(), hidden)
    rewrite(bandOf(hidden, '1'), 100)
    const second = await night('ours', lab, stateFolder)
    expect(second.image('bob.sparsebundle')).to.include({
      slot: first.image('bob.sparsebundle').slot,
      verdict: 'proven',
    })
    const good = imageDigest(hidden)
    hold(hidden)
    rewrite(bandOf(hidden, '1'), 100)
    for (let count = 1; count <= 3; count += 1) {
      const used = await night('ours', lab, stateFolder)
      const { kept, reason } = used.image('bob.sparsebundle')
      expect(kept, reason).to.include({ done: 'older-copy', proven: true, madeAt: second.record.startedAt })
    }
    undo.pop()?.()
    const places = [set.image(), hidden].map((image) => inSection(lab, image)).filter((path) => existsSync(path))
    expect(places.map(imageDigest)).to.deep.equal([good])
    renameSync(hidden, set.image())
    rmSync(dirname(hidden), { recursive: true })
    const back = await night('ours', lab, stateFolder)
    expect(back.image('bob.sparsebundle')).to.include({
      slot: first.image('bob.sparsebundle').slot,
      verdict: 'proven',
    })
    expect(back.status.slots).to.have.length(1)
  })

  it('ends with a renamed image, whose copies stay; the new name begins another', async () => {
    const set = backupSet({ shape: encrypted, settings: { numRotations: '1' } })
    const { lab, stateFolder } = set
    await night('ours', lab, stateFolder)
    const old = imageDigest(set.copy())
    renameSync(set.image(), set.image('robert'))
    rewrite(bandOf(set.image('robert'), '1'), 100)
    for (let count = 1; count <= 3; count += 1) {
      const result = await night('ours', lab, stateFolder)
      expect(result.image('robert.sparsebundle').verdict).to.equal('proven')
      expect(result.said.join('\n')).to.match(
        /The image .*bob\.sparsebundle of .* (is no longer in|has been gone from) the source/,
      )
    }
    expect(digests(set), 'under the old name').to.deep.equal([old])
    expect([...new Set(digests(set, 'robert'))]).to.deep.equal([imageDigest(set.image('robert'))])
  })

  it('keeps the replaced image for ever, and never puts it in the place of the new one', async () => {
    const set = backupSet({ shape: encrypted, settings: { numRotations: '2' } })
    const { lab, stateFolder } = set
    await night('ours', lab, stateFolder)
    const old = imageDigest(set.copy())
    rmSync(set.image(), { recursive: true })
    writeImage(set.image(), 'another', { token: v2Header('another') })
    const second = await night('ours', lab, stateFolder)
    expect(second.image('bob.sparsebundle').verdict).to.equal('proven')
    const newer = imageDigest(set.image())
    hold(set.image())
    for (let count = 1; count <= 3; count += 1) {
      rewrite(bandOf(set.image(), '1'), 100)
      const used = await night('ours', lab, stateFolder)
      expect(used.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
      expect(imageDigest(set.copy()), `night ${String(count)}`).to.equal(newer)
      expect(digests(set), `night ${String(count)}`).to.include(old)
    }
    undo.pop()?.()
    const free = await night('ours', lab, stateFolder)
    expect(free.image('bob.sparsebundle').verdict).to.equal('proven')
    // What was kept of the new image before that goes once the newer copy is kept too.
    await night('ours', lab, stateFolder)
    expect(new Set(digests(set))).to.deep.equal(new Set([old, imageDigest(set.image())]))
  })
})
