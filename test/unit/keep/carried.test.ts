import { linkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { carried } from '../../../lib/keep/carried.js'
import { pieceBytes } from '../../../lib/manifest/pieces.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'
import { manifestOf } from '../manifest/support.js'

describe('what is known of a copy, of an image built from it', () => {
  it('is as much of its pieces, and only while it has the same length', () => {
    const folder = temporaryFolder()
    const [copy, image] = ['copy.sparseimage', 'bob.sparseimage'].map((name) => join(folder, name)) as [string, string]
    writeFileSync(copy, 'content')
    truncateSync(copy, 3 * pieceBytes)
    linkSync(copy, image)
    const manifest = manifestOf(copy, 'sparse-image')
    manifest.known[0] = 0
    Object.assign(manifest.pieces, { digests: Buffer.alloc(64, 7), known: 2, equal: 1 })
    const next = carried(manifest, fromText(image), 'sparse-image')
    expect(next.pieces).to.deep.equal(manifest.pieces)
    expect([next.known[0], next.source.usable[0]]).to.deep.equal([0, 1])
    expect(next.source.inode[0]).to.equal(manifest.source.inode[0])
    truncateSync(image, pieceBytes)
    expect(carried(manifest, fromText(image), 'sparse-image').pieces).to.include({ known: 0, equal: 0 })
  })
})
