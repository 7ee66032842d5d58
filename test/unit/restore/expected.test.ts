import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { expectedBytes } from '../../../lib/restore/expected.js'
import type { Manifest } from '../../../lib/manifest/manifest-type.js'
import { emptyManifest, tableOf } from '../../../lib/manifest/columns.js'
import { pieceBytes } from '../../../lib/manifest/pieces.js'
import { random as randomFrom } from '../../support/mac/random.js'

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

/** A manifest of one file, of which so many pieces are known, and perhaps its digest. */
function manifestOf(bytes: Buffer, known: number, whole = false): Manifest {
  const table = tableOf('sparse-image', [], 1)
  table.size[0] = bytes.length
  const manifest = emptyManifest(table)
  manifest.pieces.digests = Buffer.concat(
    Array.from({ length: known }, (_, at) => sha256(bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes))),
  )
  manifest.pieces.known = known
  if (whole) {
    manifest.known[0] = 1
    sha256(bytes).copy(manifest.digests)
  }
  return manifest
}

/** As a disk gives them: in parts of any length. */
function* inParts(bytes: Buffer, seed: number): Generator<Buffer> {
  const random = randomFrom(seed)
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(pieceBytes + 3)
    yield bytes.subarray(at, end)
    at = end
  }
}

function isRight(manifest: Manifest, bytes: Buffer, seed = 1): boolean | undefined {
  const check = expectedBytes(manifest, 0)?.check()
  for (const part of inParts(bytes, seed)) check?.add(part)
  return check?.isRight()
}

const bytes = Buffer.alloc(2 * pieceBytes + 7, 'content')

describe('what a file must hold', () => {
  it('is not known without digests', () => {
    expect(expectedBytes(manifestOf(bytes, 0), 0)).to.equal(undefined)
  })

  for (const [what, manifest, upTo] of [
    ['the digest of all', manifestOf(bytes, 0, true), bytes.length],
    ['all pieces', manifestOf(bytes, 3), bytes.length],
    ['some pieces', manifestOf(bytes, 2), 2 * pieceBytes],
  ] as const) {
    it(`is told by ${what}, up to the last byte that is known`, () => {
      expect(expectedBytes(manifest, 0)?.whole).to.equal(upTo === bytes.length)
      for (const at of [0, pieceBytes - 1, pieceBytes, 2 * pieceBytes - 1, 2 * pieceBytes, bytes.length - 1]) {
        expect(isRight(manifest, bytes, at), 'as it was').to.equal(true)
        const changed = Buffer.from(bytes)
        changed[at] = 0
        expect(isRight(manifest, changed, at), `changed at ${String(at)}`).to.equal(at >= upTo)
      }
      expect(isRight(manifest, bytes.subarray(0, upTo - 1)), 'too short').to.equal(false)
      expect(isRight(manifest, bytes.subarray(0, pieceBytes)), 'a whole piece').to.equal(false)
      expect(isRight(manifest, Buffer.alloc(0)), 'empty').to.equal(false)
    })
  }

  it('may be nothing', () => {
    const empty = Buffer.alloc(0)
    expect(isRight(manifestOf(empty, 1), empty)).to.equal(true)
    expect(isRight(manifestOf(empty, 1), bytes)).to.equal(false)
  })
})
