import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import type { Manifest, ManifestDigests } from '../../../lib/manifest/manifest-type.js'
import { pieceBytes, pieceCount } from '../../../lib/manifest/pieces.js'
import { readManifest, writeManifest } from '../../../lib/prove/manifest-file.js'
import { withFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { random as randomFrom, type Random } from '../../support/mac/random.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { manifestOf, rows } from './support.js'

const slot = 'bob-0123'
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

/** The manifest of a sparse image that is so long, with digests of pieces that nobody read. */
function partly(folder: string, size: number, known: number, equal: number, random: Random): Manifest {
  const path = join(folder, 'bob.sparseimage')
  writeFileSync(path, '')
  truncateSync(path, size)
  utimesSync(path, 1_600_000_000, 1_600_000_000.25)
  const manifest = manifestOf(path, 'sparse-image')
  if (known < pieceCount(size)) manifest.known[0] = 0
  if (equal === 0) manifest.source.usable[0] = 0
  manifest.pieces.digests = Buffer.from(Array.from({ length: known * 32 }, () => random.below(256)))
  return { ...manifest, pieces: { digests: manifest.pieces.digests, known, equal } }
}

function write(folder: string, manifest: Manifest): ManifestDigests {
  mkdirSync(folder)
  return withFolder(fromText(folder), (held) => writeManifest(held, slot, manifest, {} as CopyLabel))
}

const read = (folder: string, digests: ManifestDigests) => readManifest(fromText(folder), slot, 'sparse-image', digests)

const plain = ({ pieces: { digests, known, equal } }: Manifest): unknown => ({
  known,
  equal,
  digests: digests.toString('hex', 0, known * 32),
})

describe('manifest of a sparse image', () => {
  it('comes back as it was written, however much of it is known', () => {
    const random = randomFrom(11)
    for (let round = 0; round < 40; round += 1) {
      const folder = temporaryFolder()
      const size = random.below(6 * pieceBytes)
      const known = random.below(pieceCount(size) + 1)
      const manifest = partly(folder, size, known, random.below(known + 1), random)
      const back = read(join(folder, 'm'), write(join(folder, 'm'), manifest))
      if ('unusable' in back) throw new Error(back.unusable)
      expect(plain(back)).to.deep.equal(plain(manifest))
      expect(rows(back)).to.deep.equal(rows(manifest))
    }
  })

  it('is what mtree checks a copy by, before and after all of it is known', function () {
    if (spawnSync('mtree', ['-h']).error !== undefined) skip(this, 'mtree (mtree-netbsd) is not installed')
    for (const known of [1, 3]) {
      const folder = temporaryFolder()
      const home = join(folder, 'home')
      mkdirSync(home)
      write(join(folder, 'm'), partly(home, 2 * pieceBytes + 9, known, 1, randomFrom(1)))
      const check = (): unknown => {
        const mtree = ['-p', home, '-f', join(folder, 'm', `${slot}.mtree`)]
        const { status, stdout } = spawnSync('mtree', mtree, { encoding: 'utf8' })
        return { status, stdout: stdout.slice(0, 40) }
      }
      expect(check()).to.deep.equal({ status: 0, stdout: '' })
      const image = join(home, 'bob.sparseimage')
      const bytes = readFileSync(image)
      bytes[1] = 1
      writeFileSync(image, bytes)
      utimesSync(image, 1_600_000_000, 1_600_000_000.25)
      // Only the digest of the whole tells of one byte.
      expect(check()).to.have.property('status', known === 3 ? 2 : 0)
      truncateSync(image, 5)
      expect(check()).to.have.property('status', 2)
    }
  })

  it('is refused where what it says of pieces was forged', () => {
    const folder = temporaryFolder()
    const digests = write(join(folder, 'm'), partly(folder, 2 * pieceBytes + 9, 2, 1, randomFrom(3)))
    const path = join(folder, 'm', `${slot}.jsonl`)
    const [head = '', row = '', first = '', second = ''] = readFileSync(path, 'utf8').split('\n')
    const as = (...lines: string[]) => {
      const text = lines.map((line) => `${line}\n`).join('')
      writeFileSync(path, text)
      return read(join(folder, 'm'), { ...digests, fingerprints: sha256(text) })
    }
    const headWith = (from: string, to: string): string => {
      expect(head, 'the head').to.contain(from)
      return head.replace(from, to)
    }
    expect(as(head, row, first, second)).not.to.have.property('unusable')
    const forged: Record<string, string[]> = {
      'a piece missing': [head, row, first],
      'a piece too many': [head, row, first, second, first],
      'a piece before the row': [head, first, row, second],
      'the row twice': [head, row, row, first],
      'no digest': [head, row, first, '""'],
      'a short digest': [head, row, first, second.slice(0, -2) + '"'],
      'a digest with more behind it': [head, row, first, `${second} `],
      'a digest in capitals': [head, row, first, `"${'A'.repeat(64)}"`],
      'more equal than known': [headWith('"equal":1', '"equal":3'), row, first, second],
      'fewer than none equal': [headWith('"equal":1', '"equal":-1'), row, first, second],
      'none equal, and a source': [headWith('"equal":1', '"equal":0'), row, first, second],
      'some equal, and no source': [head, `${row.slice(0, row.indexOf(','))}]`, first, second],
      'more pieces than the file has': [headWith('"pieces":2', '"pieces":4'), row, ...[first, second, first, second]],
      'very many pieces': [headWith('"pieces":2', '"pieces":9007199254740991'), row, first, second],
      'no pieces': [headWith('"pieces":2', '"pieces":0').replace('"equal":1', '"equal":0'), row],
      'pieces of another length': [headWith('8388608', '8388607'), row, first, second],
      'pieces and no head for them': [head.replace(/,"pieceBytes".*/, '}'), row, first, second],
      'a head with more in it': [headWith('}', ',"more":1}'), row, first, second],
    }
    for (const [what, lines] of Object.entries(forged)) expect(as(...lines), what).to.have.property('unusable')
  })

  it('of a bundle has no pieces', () => {
    const folder = temporaryFolder()
    const manifest = partly(folder, 9, 1, 1, randomFrom(3))
    const digests = write(join(folder, 'm'), manifest)
    expect(readManifest(fromText(join(folder, 'm')), slot, 'sparse-bundle', digests)).to.have.property('unusable')
  })
})
