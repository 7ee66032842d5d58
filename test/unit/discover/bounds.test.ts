import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { temporaryFolder } from '../../support/temporary.js'
import { notesOf, notesWith, pathsOf, search } from './search.js'

describe('the bounds of a search', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder()
  })

  it('keeps out of what is never to be entered, by path, link or second name', () => {
    writeSparseBundle(join(root, 'backup/x.sparsebundle'))
    symlinkSync('backup', join(root, 'link'))
    for (const never of ['backup', 'link']) {
      expect(search(root, { never: [fromText(join(root, never))] }).images, never).to.deep.equal([])
    }
    const within = search(join(root, 'backup'), { never: [fromText(root)] })
    expect(within.images).to.deep.equal([])
    expect(within.notes.map(({ code }) => code)).to.deep.equal(['unreadable'])
  })

  it('searches a root within another root once, as a root', () => {
    writeSparseBundle(join(root, 'in/x.sparsebundle'))
    const { images, counts } = search([root, join(root, 'in'), join(root, 'in/')])
    expect(images.map((image) => image.root)).to.deep.equal([join(root, 'in')])
    expect(counts.folders).to.equal(3)
  })

  it('says which root is missing and goes on with the others', () => {
    writeSparseBundle(join(root, 'x.sparsebundle'))
    const found = search([join(root, 'gone'), root])
    expect(found.images.length).to.equal(1)
    expect(notesOf(found, root)).to.deep.equal(['root-missing gone'])
  })

  it('searches a root that is one file, as the source of a backup may be', () => {
    writeFileSync(join(root, 'file'), '')
    writeSparseImage(join(root, 'x.sparseimage'))
    const found = search([join(root, 'file'), join(root, 'x.sparseimage')])
    expect(found.images.map(({ path }) => path)).to.deep.equal([fromText(join(root, 'x.sparseimage'))])
    expect(found.notes).to.deep.equal([])
  })

  it('says what lies deeper than the limit, and does not look there', () => {
    writeSparseBundle(join(root, '1/2/at.sparsebundle'))
    writeSparseBundle(join(root, '1/2/3/below.sparsebundle'))
    const found = search(root, { maxDepth: 3 })
    expect(pathsOf(found)).to.deep.equal(['1/2/at.sparsebundle'])
    expect(notesOf(found, root)).to.deep.equal(['depth-limit 1/2/3/below.sparsebundle'])
  })

  it('gives up after so many entries, and says where', () => {
    for (const name of ['a', 'b', 'c']) writeSparseBundle(join(root, name, 'x.sparsebundle'))
    const all = search(root)
    expect(all.images.length).to.equal(3)
    expect(notesWith(search(root, { maxEntries: all.counts.entries }), 'entry-limit')).to.deep.equal([])
    for (let limit = 1; limit < all.counts.entries; limit += 1) {
      const found = search(root, { maxEntries: limit })
      expect(found.counts.entries).to.be.at.most(limit)
      expect(notesWith(found, 'entry-limit').length, String(limit)).to.be.greaterThan(0)
    }
  })
})
