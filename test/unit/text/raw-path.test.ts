import { expect } from 'chai'
import fc from 'fast-check'
import { printable, fromPrintable } from '../../../lib/text/printable.js'
import {
  baseName,
  fromBytes,
  fromText,
  isWithin,
  join,
  parent,
  relativeTo,
  toBytes,
  withoutTrailingSlash,
  type RawPath,
} from '../../../lib/text/raw-path.js'

const raw = (text: string): RawPath => text as RawPath
const anyPath = fc.uint8Array({ maxLength: 60 }).map((bytes) => fromBytes(Buffer.from(bytes)))
const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => fromBytes(Buffer.from(bytes.map((byte) => (byte === 0x2f ? 0x2e : byte)))))

describe('a path as bytes', () => {
  it('keeps every byte', () => {
    fc.assert(fc.property(anyPath, (path) => fromBytes(toBytes(path)) === path))
    expect(toBytes(fromText('café'))).to.deep.equal(Buffer.from('café'))
  })

  it('is joined and taken apart again', () => {
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 1, maxLength: 5 }), anyName, (folders, name) => {
        const folder = join(raw('/'), ...folders)
        const path = join(folder, name)
        return (
          baseName(path) === name &&
          parent(path) === folder &&
          isWithin(path, folder) &&
          relativeTo(path, folder) === name
        )
      }),
    )
  })

  it('has a parent and a last name at the ends, too', () => {
    expect([parent(raw('/a')), parent(raw('/')), parent(raw('a')), parent(raw('a/b/'))]).to.deep.equal([
      '/',
      '/',
      '',
      'a',
    ])
    expect([baseName(raw('/')), baseName(raw('/a/')), baseName(raw('a'))]).to.deep.equal(['', 'a', 'a'])
    expect([withoutTrailingSlash(raw('/a//')), withoutTrailingSlash(raw('/'))]).to.deep.equal(['/a', '/'])
    expect([join(raw('/'), 'a'), join(raw(''), 'a'), join(raw('/a'), '', 'b')]).to.deep.equal(['/a', 'a', '/a/b'])
  })

  it('lies within a folder by whole names only', () => {
    expect(isWithin(raw('/Users/bobby'), raw('/Users/bob'))).to.equal(false)
    expect(isWithin(raw('/Users/bob'), raw('/Users/bob/'))).to.equal(true)
    expect(isWithin(raw('/a'), raw('/'))).to.equal(true)
    expect(relativeTo(raw('/a/b'), raw('/'))).to.equal('a/b')
    expect(relativeTo(raw('/a'), raw('/a'))).to.equal('')
  })
})

describe('a path for people', () => {
  it('can be read back, whatever the bytes', () => {
    fc.assert(fc.property(anyPath, (path) => fromPrintable(printable(path)) === path))
  })

  it('holds nothing that moves the cursor or turns the text around', () => {
    // eslint-disable-next-line no-control-regex
    const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u
    fc.assert(fc.property(anyPath, (path) => !unsafe.test(printable(path))))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !unsafe.test(printable(fromText(text)))))
  })

  it('shows UTF-8 as it is, and escapes the rest byte by byte', () => {
    expect(printable(fromText('/Users/José/写真 😀.sparsebundle'))).to.equal('/Users/José/写真 😀.sparsebundle')
    expect(printable(raw('a\u00ff\nb\\'))).to.equal('a\\xff\\x0ab\\x5c')
    expect(printable(raw('\u00c3'))).to.equal('\\xc3')
    expect(printable(fromText('\u202egpj'))).to.equal('\\xe2\\x80\\xaegpj')
    // Overlong, and half of a surrogate pair: no UTF-8.
    expect(printable(raw('\u00c0\u00af\u00ed\u00a0\u0080'))).to.equal('\\xc0\\xaf\\xed\\xa0\\x80')
  })
})
