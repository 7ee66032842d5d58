import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { holdOpen } from '../support/history/machine.js'
import { imageDigest } from '../support/mac/index.js'
import { skip } from '../support/skip.js'
import { night } from './support/night.js'
import { backupSet, bandOf, rewrite, type BackupSet } from './support/set.js'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The file of ours that a section has of an image, by its suffix. */
function ours({ lab }: BackupSet, name: string, suffix: string): string {
  const folder = join(lab.destination, 'Section.0/.lbackup-filevault')
  const [file = ''] = readdirSync(folder).filter(
    (one) => one.startsWith(`${name.replace(' ', '-')}-`) && one.endsWith(suffix),
  )
  return join(folder, file)
}

/** Gives a band of a copy other bytes under its own size and time; `anew` in a file of its own. Returns both digests. */
function change(band: string, how: 'in place' | 'anew'): { before: string; after: string } {
  const before = sha256(readFileSync(band))
  const { mtimeMs, size } = statSync(band)
  if (how === 'in place') rewrite(band)
  else {
    writeFileSync(`${band}.new`, Buffer.alloc(size, 'forged'))
    renameSync(`${band}.new`, band)
  }
  utimesSync(band, mtimeMs / 1000, mtimeMs / 1000)
  return { before, after: sha256(readFileSync(band)) }
}

interface Forgery {
  readonly mtree: string
  readonly fingerprints: string
  readonly label: string
  /** Digests of the band before and after. */
  readonly before: string
  readonly after: string
}

function forgeDigest({ mtree, before, after }: Forgery): void {
  const text = readFileSync(mtree, 'utf8')
  expect(text, 'the premise').to.contain(before)
  writeFileSync(mtree, text.replaceAll(before, after))
}

function forgeLabel({ mtree, label }: Forgery, old: string): void {
  const text = readFileSync(label, 'utf8')
  expect(text, 'the premise').to.contain(old)
  writeFileSync(label, text.replaceAll(old, sha256(readFileSync(mtree))))
}

/** By the name of its image, what the owner of a section does to the files of ours in it. */
const forgeries: Readonly<Record<string, (files: Forgery) => void>> = {
  digest: forgeDigest,
  label(files) {
    const old = sha256(readFileSync(files.mtree))
    forgeDigest(files)
    forgeLabel(files, old)
  },
  prints({ fingerprints }) {
    const text = readFileSync(fingerprints, 'utf8')
    writeFileSync(
      fingerprints,
      text.replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)),
    )
  },
  unlisted: ({ mtree }) => rmSync(mtree),
  unprinted: ({ fingerprints }) => rmSync(fingerprints),
  untold({ mtree, fingerprints, label }) {
    for (const file of [mtree, fingerprints, label]) rmSync(file)
  },
}

/** Changes band 2 of a copy behind our back, and then the files that vouch for it. */
function forge(set: BackupSet, name: string, how: 'in place' | 'anew', act: (files: Forgery) => void): void {
  const [mtree = '', fingerprints = '', label = ''] = ['.mtree', '.jsonl', '.json'].map((suffix) =>
    ours(set, name, suffix),
  )
  act({ mtree, fingerprints, label, ...change(bandOf(set.copy(name), '2'), how) })
}

describe('a section whose owner forges what vouches for it', function () {
  this.timeout(180_000)
  const letGo: (() => void)[] = []
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })
  afterEach(() => {
    for (const step of letGo.splice(0)) step()
  })

  /** Two nights, after which the sections share no band. Returns the digests of the older and the newer copies. */
  async function twoNights(names: readonly string[]): Promise<{ set: BackupSet; older: string[]; newer: string[] }> {
    const set = backupSet({ names, settings: { numRotations: '4' } })
    await night('ours', set.lab, set.stateFolder)
    const older = names.map((name) => imageDigest(set.copy(name)))
    for (const name of names) {
      for (const band of ['0', '1', '2', '3', '4']) rewrite(bandOf(set.image(name), band), 100)
    }
    await night('ours', set.lab, set.stateFolder)
    return { set, older, newer: names.map((name) => imageDigest(set.copy(name))) }
  }

  it('has nothing taken on its word, whatever of it is forged or missing', async () => {
    const names = Object.keys(forgeries)
    const { set, newer } = await twoNights(names)
    for (const [name, act] of Object.entries(forgeries)) forge(set, name, 'in place', act)
    const result = await night('ours', set.lab, set.stateFolder)
    names.forEach((name, index) => {
      const image = result.image(`/${name}.sparsebundle`)
      expect(image.verdict, `${name}: ${image.reason}`).to.equal('proven')
      expect(image.proof?.wrong[0], `${name}: ${image.reason}`).to.deep.include({ count: 1, members: ['bands/2'] })
      expect(image.kept, name).to.deep.equal({ done: 'repaired' })
      expect(imageDigest(set.copy(name)), name).to.equal(newer[index])
      const warned = new RegExp(`^WARNING! The manifest of .*${name}\\.sparsebundle in Section\\.0 cannot be used`, 'm')
      expect(result.said.join('\n'), name).to.match(warned)
    })
  })

  for (const moment of ['between two nights', 'between the two hooks'] as const) {
    it(`${moment}: no forged copy is put at a place as the newest good one`, async () => {
      const names = ['anew', 'in place'] as const
      const { set, older } = await twoNights(names)
      for (const name of names) letGo.push(holdOpen(join(set.image(name), 'token')))
      const act = (): void => {
        for (const name of names) forge(set, name, name, forgeDigest)
      }
      if (moment === 'between two nights') act()
      const at = moment === 'between two nights' ? {} : { 'before-rsync': act }
      const result = await night('ours', set.lab, set.stateFolder, { at })
      names.forEach((name, index) => {
        const { kept, reason } = result.image(`/${name}.sparsebundle`)
        if (kept?.done === 'older-copy' && kept.proven === true) {
          expect(imageDigest(set.copy(name)), `${name}: ${reason}`).to.equal(older[index])
        } else expect(kept, `${name}: ${reason}`).to.deep.equal({ done: 'failed' })
      })
      const next = await night('ours', set.lab, set.stateFolder)
      names.forEach((name, index) => {
        const { kept, reason } = next.image(`/${name}.sparsebundle`)
        expect(kept, `${name}, a night later: ${reason}`).to.include({ done: 'older-copy', proven: true })
        expect(imageDigest(set.copy(name)), `${name}, a night later`).to.equal(older[index])
      })
    })
  }

  it('has no copy called good on its label where our own book is lost', async () => {
    const { set } = await twoNights(['bob'])
    forge(set, 'bob', 'in place', (files) => forgeries['label']?.(files))
    rmSync(join(set.stateFolder, 'slots.json'))
    letGo.push(holdOpen(join(set.image(), 'token')))
    const result = await night('ours', set.lab, set.stateFolder)
    expect(result.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: false })
  })
})
