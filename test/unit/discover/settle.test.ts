import { chownSync, cpSync, linkSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fromText } from '../../../lib/text/raw-path.js'
import { v2Header } from '../../support/image-writer/encryption-header.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { temporaryFolder } from '../../support/temporary.js'
import { notesOf, notesWith, search } from './search.js'

describe('slots and identities of the images found', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder()
  })

  it('gives an image in a section the slot of its source', () => {
    const [source, section] = [join(root, 'Users'), join(root, 'Section.0/Users')]
    writeSparseBundle(join(source, '.bob/bob.sparsebundle'))
    writeSparseBundle(join(section, 'bob/bob.sparsebundle'))
    const [first] = search(source).images
    const [second] = search(section).images
    const [fromAbove] = search(root, { source: fromText(section), never: [fromText(source)] }).images
    expect(first?.slot).to.match(/^bob-/)
    expect(second?.slot).to.equal(first?.slot)
    expect(fromAbove?.slot).to.equal(first?.slot)
  })

  it('gives equal names of two owners, and of two roots, slots of their own', function () {
    const other = temporaryFolder()
    writeSparseBundle(join(root, 'bob/x.sparsebundle'))
    writeSparseBundle(join(other, 'bob/x.sparsebundle'))
    expect(new Set(search([root, other]).images.map(({ slot }) => slot)).size).to.equal(2)
    const [before] = search(root).images
    chownSync(join(root, 'bob/x.sparsebundle'), 12_345, 0)
    const [after] = search(root).images
    expect(after?.ownerUid).to.equal(12_345)
    expect(after?.slot).not.to.equal(before?.slot)
  })

  it('keeps an image in a hidden home apart from one in the home', () => {
    writeSparseBundle(join(root, 'bob/bob.sparsebundle'))
    const [alone] = search(root).images
    writeSparseBundle(join(root, '.bob/bob.sparsebundle'))
    const found = search(root)
    expect(found.images.map(({ slot }) => slot === alone?.slot)).to.deep.equal([false, true])
    expect(notesOf(found, root)).to.deep.equal(['same-slot .bob/bob.sparsebundle'])
  })

  it('warns of one encryption header in two slots, and of one file under two names', () => {
    writeSparseBundle(join(root, 'ann/ann.sparsebundle'), { token: v2Header('template') })
    cpSync(join(root, 'ann'), join(root, 'bob'), { recursive: true })
    writeSparseImage(join(root, 'x.sparseimage'))
    linkSync(join(root, 'x.sparseimage'), join(root, 'y.sparseimage'))
    const found = search(root)
    expect(found.images.length).to.equal(4)
    const notes = notesWith(found, 'same-identity')
    expect(notes.map(({ path }) => path)).to.deep.equal([
      join(root, 'ann/ann.sparsebundle'),
      join(root, 'x.sparseimage'),
    ])
    expect(notes[0]?.message).to.contain(join(root, 'bob/ann.sparsebundle'))
  })

  it('keeps the identity of a sparse image while its in-use mark changes', () => {
    const path = join(root, 'x.sparseimage')
    writeSparseImage(path)
    const [before] = search(root).images
    const bytes = readFileSync(path)
    bytes.writeUInt32BE(0, 12)
    writeFileSync(path, bytes)
    expect(search(root).images[0]?.identity).to.equal(before?.identity)
  })
})
