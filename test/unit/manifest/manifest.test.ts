import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import type { ManifestDigests } from '../../../lib/manifest/manifest-type.js'
import { visDecode, visEncode } from '../../../lib/manifest/vis.js'
import { readLabel, readManifest, slotsIn, writeManifest } from '../../../lib/prove/manifest-file.js'
import { withFolder } from '../../../lib/system/folder.js'
import { fromLatin1, fromText, toBytes } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { random as randomFrom, type Random } from '../../support/mac/random.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { manifestOf, rows } from './support.js'

const slot = 'bob-0123'
const label: Omit<CopyLabel, 'schema' | 'slot' | 'manifest'> = {
  run: 'run-1',
  madeAt: '2026-01-01T03:00:00.000Z',
  verdict: 'proven',
  reason: 'every byte equals the image',
  identity: null,
  user: 'bob',
  ownerUid: 501,
  path: '/Users/bob/bob.sparsebundle',
  copyPath: 'Users/bob/bob.sparsebundle',
  container: 'sparse-bundle',
  bytes: 1,
  members: 1,
  older: false,
}

/** A bundle with every kind of name there can be. */
function oddBundle(folder: string): string {
  const path = join(folder, 'bob.sparsebundle')
  writeSparseBundle(path, {
    bands: [0, 9, 10, 31].map((index) => ({ index, length: 4096 + index })),
    virtualBytes: 64 * 1024 * 1024,
    mapped: true,
    lock: true,
  })
  for (const name of ['blank name', 'new\nline', 'back\\slash', '#comment', 'a=b', '*', '[x]?', 'a\\*b', '..dots', 'é'])
    writeFileSync(join(path, name), name)
  writeFileSync(Buffer.concat([toBytes(fromText(`${path}/bands/`)), Buffer.from([0xe9, 0x01])]), 'latin')
  writeFileSync(join(path, 'bands/0A'), 'not a band')
  mkdirSync(join(path, 'com.apple.folder'))
  symlinkSync('nowhere', join(path, 'link'))
  utimesSync(join(path, 'bands/9'), -5.25, -5.25)
  return path
}

function written(path: string, folder: string): ManifestDigests {
  mkdirSync(folder)
  return withFolder(fromText(folder), (held) => writeManifest(held, slot, manifestOf(path), label))
}

describe('manifest', () => {
  it('comes back as it was written, whatever the names and times', () => {
    const folder = temporaryFolder()
    const path = oddBundle(folder)
    const digests = written(path, join(folder, 'm'))
    const read = readManifest(fromText(join(folder, 'm')), slot, 'sparse-bundle', digests)
    expect(read).not.to.have.property('unusable')
    expect(rows(read as never)).to.deep.equal(rows(manifestOf(path)))
    expect(readLabel(fromText(join(folder, 'm')), slot)).to.deep.include({ slot, user: 'bob', manifest: digests })
    expect(slotsIn(fromText(join(folder, 'm')))).to.deep.equal([slot])
  })

  it('is what mtree checks a copy by', function () {
    if (spawnSync('mtree', ['-h']).error !== undefined) skip(this, 'mtree (mtree-netbsd) is not installed')
    const folder = temporaryFolder()
    const path = oddBundle(folder)
    written(path, join(folder, 'm'))
    const check = (): { status: number | null; stdout: string } => {
      const { status, stdout } = spawnSync('mtree', ['-p', path, '-f', join(folder, 'm', `${slot}.mtree`)], {
        encoding: 'utf8',
      })
      return { status, stdout }
    }
    expect(check()).to.deep.equal({ status: 0, stdout: '' })
    const keywords = new Set(readFileSync(join(folder, 'm', `${slot}.mtree`), 'utf8').match(/[a-z0-9]+(?==)/g))
    expect([...keywords].sort()).to.deep.equal(['sha256digest', 'size', 'time', 'type'])

    writeFileSync(join(path, 'extra'), '')
    expect(check()).to.deep.equal({ status: 0, stdout: 'extra: extra\n' })
    rmSync(join(path, 'extra'))
    truncateSync(join(path, 'bands/a'), 10)
    appendFileSync(join(path, 'new\nline'), 'x')
    rmSync(join(path, 'bands/1f'))
    const damaged = check()
    expect(damaged.status).to.equal(2)
    expect(damaged.stdout)
      .to.match(/bands\/a:.*\n.*size/)
      .and.to.contain('missing: ./bands/1f')
      .and.to.contain('new')
  })

  it('is used only where its digests are the ones that are known', () => {
    const folder = temporaryFolder()
    const digests = written(oddBundle(folder), join(folder, 'm'))
    const m = fromText(join(folder, 'm'))
    for (const [file, digest] of [
      ['mtree', { ...digests, mtree: digests.fingerprints }],
      ['jsonl', { ...digests, fingerprints: digests.mtree }],
    ] as const) {
      expect(readManifest(m, slot, 'sparse-bundle', digest), file).to.have.property('unusable')
    }
    expect(readManifest(m, 'other', 'sparse-bundle', digests)).to.have.property('unusable')
    expect(readManifest(fromText(folder), slot, 'sparse-bundle', digests)).to.have.property('unusable')
  })

  it('refuses what is forged or cut, and never fails otherwise', () => {
    const folder = temporaryFolder()
    written(oddBundle(folder), join(folder, 'm'))
    const [mtree, jsonl] = ['mtree', 'jsonl'].map((kind) => readFileSync(join(folder, 'm', `${slot}.${kind}`))) as [
      Buffer,
      Buffer,
    ]
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
    const random = randomFrom(7)
    let refused = 0
    for (let round = 0; round < 400; round += 1) {
      const [a, b] = random.below(2) === 0 ? [mutated(mtree, random), jsonl] : [mtree, mutated(jsonl, random)]
      writeFileSync(join(folder, 'm', `${slot}.mtree`), a)
      writeFileSync(join(folder, 'm', `${slot}.jsonl`), b)
      const read = readManifest(fromText(join(folder, 'm')), slot, 'sparse-bundle', {
        mtree: digest(a),
        fingerprints: digest(b),
      })
      if ('unusable' in read) refused += 1
      else expect(read.copy.parts.at(-1)?.start ?? 0).to.be.at.most(read.copy.length)
    }
    // A changed digit makes another manifest of the right form; only the digest tells.
    expect(refused).to.be.above(200)
  })

  it('writes any name in characters that mtree(5) leaves alone', () => {
    for (let byte = 1; byte < 256; byte += 1) {
      const name = fromLatin1(`x${String.fromCharCode(byte)}y`)
      expect(visEncode(name)).to.match(/^[\w.,+@%~:^\\-]+$/)
      expect(visDecode(visEncode(name))).to.equal(name)
    }
    for (const text of ['a b', 'a\\1', '\\141', '', 'a\\777']) expect(visDecode(text), text).to.equal(undefined)
  })
})

function mutated(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length)
  switch (random.below(4)) {
    case 0:
      return bytes.subarray(0, at)
    case 1: {
      const changed = Buffer.from(bytes)
      changed[at] = random.below(256)
      return changed
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from('\n'), bytes.subarray(at)])
    default: {
      const lines = bytes.toString('latin1').split('\n')
      const from = random.below(lines.length)
      lines.splice(random.below(lines.length), 0, lines[from] as string)
      return Buffer.from(lines.join('\n'), 'latin1')
    }
  }
}
