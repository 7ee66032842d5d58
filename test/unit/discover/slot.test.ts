import { expect } from 'chai'
import fc from 'fast-check'
import { placeOf, slotOf, slotOfFolder } from '../../../lib/discover/slot.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const raw = (text: string): RawPath => text as RawPath
const slot = (path: string, uid = 501): string => slotOf(raw(path), uid)

describe('the slot of an image', () => {
  it('is told by its folder in a copy of a staging folder, and nowhere else', () => {
    const own = slot('bob/bob.sparsebundle')
    expect(slotOfFolder(raw(`${own}/bob.sparsebundle`))).to.equal(own)
    for (const path of [own, `alice/${own}/bob.sparsebundle`, `${own}/bob.sparsebundle/x`, 'bob/bob.sparsebundle', ''])
      expect(slotOfFolder(raw(path)), path).to.equal(undefined)
  })

  it('is made from the name and is short, lower case and plain, whatever the name', () => {
    expect(slot('bob/bob.sparsebundle')).to.match(/^bob-[0-9a-f]{20}$/)
    const anyByte = fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)),
      maxLength: 255,
    })
    fc.assert(fc.property(anyByte, fc.nat(), (path, uid) => /^[a-z0-9-]{1,64}$/.test(slotOf(raw(path), uid))))
    expect(slot('\u00ff\u00fe.sparsebundle')).to.match(/^image-/)
  })

  for (const [why, hidden, home] of [
    ['a FileVault home while its user is logged in', '.bob/bob.sparsebundle', 'bob/bob.sparsebundle'],
    ['another file name than the user name', '.bob/robert.sparsebundle', 'bob/robert.sparsebundle'],
    ['an image that is hidden itself', 'hugo/.hugo.sparseimage', 'hugo/hugo.sparseimage'],
    ['both hidden', '.hugo/.hugo.sparseimage', 'hugo/hugo.sparseimage'],
    ['a whole disk as source', 'Users/.bob/x.sparsebundle', 'Users/bob/x.sparsebundle'],
    ['homes elsewhere, image named after the user', 'srv/homes/.bob/bob.sparseimage', 'srv/homes/bob/bob.sparseimage'],
    [
      'an absolute path outside the source',
      '/Volumes/Two/Users/.eve/eve.sparsebundle',
      '/Volumes/Two/Users/eve/eve.sparsebundle',
    ],
  ] as const) {
    it(`is the same in the home and the hidden home: ${why}`, () => {
      expect(slot(hidden)).to.equal(slot(home))
    })
  }

  for (const [why, one, other] of [
    ['an ordinary hidden folder', 'bob/stuff/.vault/x.sparsebundle', 'bob/stuff/vault/x.sparsebundle'],
    ['a hidden home in the middle of the path', '.bob/Documents/x.sparsebundle', 'bob/Documents/x.sparsebundle'],
    ['an image with a dot before another name', 'bob/.x.sparsebundle', 'bob/x.sparsebundle'],
    ['names that begin with two dots', '..bob/bob.sparsebundle', '.bob/bob.sparsebundle'],
    ['kinds of image', 'bob/bob.sparsebundle', 'bob/bob.sparseimage'],
    ['letters in capitals', 'bob/Bob.sparsebundle', 'bob/bob.sparsebundle'],
    ['a name that moves from folder to file', 'a/b.sparsebundle', 'a\0b.sparsebundle'],
  ] as const) {
    it(`differs: ${why}`, () => {
      expect(slot(one)).not.to.equal(slot(other))
    })
  }

  it('is never reached by another user', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        (one, other) => one === other || slot('bob/x.sparsebundle', one) !== slot('bob/x.sparsebundle', other),
      ),
    )
  })

  it('of an image in the source itself has an empty home', () => {
    expect(placeOf(raw('bob.sparsebundle'))).to.deep.equal({ home: '', name: 'bob.sparsebundle' })
  })

  it('can be taken as the image lies', () => {
    expect(slotOf(raw('.bob/bob.sparsebundle'), 501, { asItLies: true })).not.to.equal(slot('bob/bob.sparsebundle'))
    expect(slotOf(raw('bob/bob.sparsebundle'), 501, { asItLies: true })).to.equal(slot('bob/bob.sparsebundle'))
  })
})
