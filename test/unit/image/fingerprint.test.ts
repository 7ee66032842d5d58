import { expect } from 'chai'
import { fingerprint, type Digests, type MemberFacts } from '../../../lib/image/fingerprint.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

const band: MemberFacts = { type: 'file', size: 4096, inode: 7, links: 1, modified: 1_800_000_000_250, changed: 9 }
const name = '1f' as RawPath

function digests(...members: readonly (readonly [name: string, facts: Partial<MemberFacts>])[]): Digests {
  const print = fingerprint()
  for (const [member, facts] of members) print.add(member as RawPath, { ...band, ...facts })
  return print.digests()
}

/** Which of the digests differ from those of `band`, or of what else is given. */
function changed(change: Partial<MemberFacts>, of: Partial<MemberFacts> = {}): string[] {
  const [before, after] = [digests([name, of]), digests([name, { ...of, ...change }])]
  return (['listing', 'fingerprint'] as const).filter((digest) => before[digest] !== after[digest])
}

describe('the two digests of a look', () => {
  it('see of a file each fact they are for, and no other', () => {
    expect(changed({ size: 4097 })).to.deep.equal(['listing', 'fingerprint'])
    expect(changed({ modified: band.modified + 1000 })).to.deep.equal(['listing', 'fingerprint'])
    expect(changed({ type: 'other' })).to.deep.equal(['listing', 'fingerprint'])
    expect(changed({ modified: band.modified + 0.001 })).to.deep.equal(['fingerprint'])
    expect(changed({ inode: 8 })).to.deep.equal(['fingerprint'])
    expect(changed({ changed: 9.001 })).to.deep.equal(['fingerprint'])
    expect(changed({ links: 2 })).to.deep.equal([])
  })

  it('list of what is no file only name and type', () => {
    for (const type of ['folder', 'link', 'other'] as const) {
      expect(changed({ size: 1 }, { type }), type).to.deep.equal(['fingerprint'])
      expect(changed({ modified: 1 }, { type }), type).to.deep.equal(['fingerprint'])
    }
  })

  it('see names, their order and the folder they are in', () => {
    const inFolder = (folder: 'mapped' | 'bands'): Digests => {
      const print = fingerprint()
      print.enter(folder)
      print.add(name, band)
      return print.digests()
    }
    const all = [
      digests(['1', {}], ['2', {}]),
      digests(['2', {}], ['1', {}]),
      digests(['1', {}]),
      digests(['12', {}]),
      digests([name, {}]),
      inFolder('mapped'),
      inFolder('bands'),
    ]
    expect(new Set(all.map(({ listing }) => listing)).size).to.equal(all.length)
    expect(new Set(all.map(({ fingerprint: print }) => print)).size).to.equal(all.length)
  })

  it('see the first and the last of very many members', () => {
    const many = Array.from({ length: 9000 }, (_, index) => [`${String(index)}${'n'.repeat(20)}`, {}] as const)
    const last = [...many.slice(0, -1), ['x', {}] as const]
    const first = [['x', {}] as const, ...many.slice(1)]
    expect(new Set([many, first, last].map((members) => digests(...members).listing)).size).to.equal(3)
    const later = many.map(([member], index) => [member, index === 8999 ? { inode: 1 } : {}] as const)
    expect(digests(...later).listing).to.equal(digests(...many).listing)
    expect(digests(...later).fingerprint).to.not.equal(digests(...many).fingerprint)
  })
})
