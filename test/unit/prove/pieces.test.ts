import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import { prove } from '../../../lib/prove/prove.js'
import type { Proof, ProveRequest, TrustedCopy } from '../../../lib/prove/proof-type.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { proofWords } from '../../../lib/verify/proof-words.js'
import { temporaryFolder } from '../../support/temporary.js'
import { longAgo } from './support.js'

const mebibyte = 1024 * 1024
const pieceBytes = 8 * mebibyte
const length = 3 * pieceBytes + 5

/** Three whole pieces and five bytes, each piece another. */
const content = (): Buffer => {
  const bytes = Buffer.alloc(length)
  for (let piece = 0; piece * pieceBytes < length; piece += 1)
    bytes.write(`piece ${String(piece)}`.slice(-5), piece * pieceBytes)
  return bytes
}

interface Nights {
  readonly source: string
  /** The copy of the newest night. */
  copy: string
  trusted: TrustedCopy[]
  /** A new section, the copy linked. */
  link(): void
  prove(options?: Partial<ProveRequest>): Promise<Proof>
}

function nights(): Nights {
  const folder = temporaryFolder()
  const source = join(folder, 'bob.sparseimage')
  const place = (night: number): string => join(folder, `night ${String(night)}`, 'bob.sparseimage')
  let night = 1
  mkdirSync(join(place(1), '..'))
  for (const path of [source, place(1)]) {
    writeFileSync(path, content())
    utimesSync(path, longAgo, longAgo)
  }
  const set: Nights = {
    source,
    copy: place(1),
    trusted: [],
    link() {
      night += 1
      mkdirSync(join(place(night), '..'))
      linkSync(set.copy, place(night))
      set.copy = place(night)
    },
    async prove(options = {}) {
      const proof = await prove({
        source: fromText(source),
        copy: fromText(set.copy),
        container: 'sparse-image',
        lookedBefore: 0,
        copiedBefore: Date.now(),
        still: true,
        trusted: set.trusted,
        granularity: 1,
        deadline: Infinity,
        ...options,
      })
      set.trusted = [{ image: fromText(set.copy), read: () => proof.manifest }]
      return proof
    },
  }
  return set
}

/** A deadline that is over when it was looked at so often; in one thread that is before each pair of pieces. */
const over = (pieces: number, meanwhile: (begun: number) => void = () => undefined): number => {
  let looks = 0
  return {
    valueOf() {
      meanwhile(looks)
      return looks++ < pieces ? Infinity : 0
    },
  } as unknown as number
}

const write = (path: string, offset: number, time = longAgo): void => {
  const bytes = readFileSync(path)
  bytes[offset] = 77
  writeFileSync(path, bytes)
  utimesSync(path, time, time)
}

const piecesOf = ({ manifest: { pieces, source } }: Proof): number[] => [
  pieces.known,
  pieces.equal,
  source.usable[0] as number,
]
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('a sparse image', () => {
  it('is read once, and not again the next night', async () => {
    const set = nights()
    const first = await set.prove()
    expect(first.result).to.equal('proven')
    expect(first.counts).to.deep.include({ bytesRead: 2 * length, read: 2, pieces: { checked: 4, all: 4 } })
    expect(first.manifest.known[0]).to.equal(1)
    expect(first.manifest.digests.toString('hex')).to.equal(sha256(set.copy))
    set.link()
    const second = await set.prove()
    expect(second.result).to.equal('proven')
    expect(second.counts).to.include({ bytesRead: 0, read: 0, reused: 8 })
    expect(second.manifest.digests.toString('hex')).to.equal(sha256(set.copy))
  })

  it('is compared as far as the time allows, in whole pairs, and goes on from there until it is proven', async () => {
    const set = nights()
    const read: number[] = []
    const said: string[] = []
    for (const pieces of [1, 2, 1]) {
      const proof = await set.prove({ deadline: over(pieces) })
      read.push(proof.counts.bytesRead)
      said.push(`${proof.result} ${proofWords(proof).says}`)
      const known = [1, 3, 4][said.length - 1]
      expect(piecesOf(proof)).to.deep.equal([known, known, 1])
      // No run read all of it.
      expect(proof.manifest.known[0], 'digest of the whole').to.equal(0)
      set.link()
    }
    expect(read).to.deep.equal([2 * pieceBytes, 4 * pieceBytes, 10])
    expect(said.slice(0, 2)).to.deep.equal([
      'unfinished checked 25 %, continues tonight',
      'unfinished checked 75 %, continues tonight',
    ])
    expect(said[2]).to.match(/^proven /)
    expect((await set.prove()).counts.bytesRead).to.equal(0)
  })

  it('without time is not proven and vouches for nothing', async () => {
    const proof = await nights().prove({ deadline: 0 })
    expect(proof.result).to.equal('unfinished')
    expect(piecesOf(proof)).to.deep.equal([0, 0, 0])
  })

  for (const readers of [1, 2]) {
    it(`that differs is told with its pieces, by ${readers === 1 ? 'one reader' : 'two readers'}`, async () => {
      const set = nights()
      write(set.copy, 9 * mebibyte)
      write(set.copy, length - 1)
      const proof = await set.prove({ readers })
      expect(proof.wrong).to.deep.equal([
        { kind: 'missed-change', count: 1, members: ['bob.sparseimage'], pieces: [1, 3] },
      ])
      expect(proof.counts.bytesRead).to.equal(2 * length)
      expect(proof.manifest.digests.toString('hex')).to.equal(sha256(set.copy))
      // Of what stands before the first difference the source held the same, and of nothing else.
      expect(piecesOf(proof)).to.deep.equal([4, 1, 1])
      set.link()
      const again = await set.prove({ readers })
      expect(again.wrong).to.deep.equal(proof.wrong)
      expect(again.counts.bytesRead).to.equal(length - pieceBytes)
    })
  }

  it('that was written between the nights is read anew, its copy is not', async () => {
    const set = nights()
    await set.prove({ deadline: over(2) })
    write(set.source, 1, longAgo + 5)
    set.link()
    const proof = await set.prove()
    expect(proof.wrong).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['bob.sparseimage'], pieces: [0] }])
    expect(proof.counts.bytesRead).to.equal(length + (length - 2 * pieceBytes))
  })

  it('whose copy was written between the nights is read from the start on that side', async () => {
    const set = nights()
    await set.prove({ deadline: over(2) })
    set.link()
    write(set.copy, 1, longAgo + 1)
    const proof = await set.prove()
    expect(proof.wrong.map(({ kind, pieces }) => [kind, pieces])).to.deep.equal([['damaged', [0]]])
    expect(proof.counts.bytesRead).to.equal(length + (length - 2 * pieceBytes))
  })

  it('whose older copy is gone is read from the start on that side, whatever its inode', async () => {
    const set = nights()
    await set.prove({ deadline: over(2) })
    const older = set.copy
    set.link()
    rmSync(older)
    const proof = await set.prove()
    expect(proof.result).to.equal('proven')
    expect(proof.counts.bytesRead).to.equal(length + (length - 2 * pieceBytes))
  })

  it('that was copied anew, to the same size and time, is read from the start on that side', async () => {
    const set = nights()
    await set.prove({ deadline: over(2) })
    set.link()
    rmSync(set.copy)
    writeFileSync(set.copy, content())
    utimesSync(set.copy, longAgo, longAgo)
    const proof = await set.prove()
    expect(proof.result).to.equal('proven')
    expect(proof.counts.bytesRead).to.equal(length + (length - 2 * pieceBytes))
  })

  it('that changes while it is compared keeps what is known of its copy, and nothing else', async () => {
    const set = nights()
    const proof = await set.prove({
      deadline: over(3, (begun) => {
        if (begun === 1) write(set.source, 1, longAgo + 50)
      }),
    })
    expect(proof.result).to.equal('moved-on')
    expect(piecesOf(proof)).to.deep.equal([3, 0, 0])
  })

  it('whose copy changes while it is compared vouches for nothing', async () => {
    const set = nights()
    const proof = await set.prove({
      deadline: over(3, (begun) => {
        if (begun === 1) write(set.copy, length - 1, longAgo + 50)
      }),
    })
    expect(proof.result).to.equal('unfinished')
    expect(piecesOf(proof)).to.deep.equal([0, 0, 0])
  })

  it('that is swapped for another file of its size and time while it is compared has moved on', async () => {
    const set = nights()
    const swap = (begun: number): void => {
      if (begun !== 1) return
      renameSync(set.source, `${set.source}.away`)
      writeFileSync(set.source, content())
      utimesSync(set.source, longAgo, longAgo)
    }
    const proof = await set.prove({ deadline: over(9, swap) })
    expect(proof.result).to.equal('moved-on')
    expect(piecesOf(proof)).to.deep.equal([4, 0, 0])
  })

  it('whose copy is another file than the one that was looked at, of its size and time, is not read', async () => {
    const set = nights()
    const swap = {
      image: fromText('/nowhere'),
      // The trusted copies are asked for after the look and before anything is read.
      read() {
        renameSync(set.copy, `${set.copy}.away`)
        writeFileSync(set.copy, content())
        utimesSync(set.copy, longAgo, longAgo)
        return undefined
      },
    }
    const proof = await set.prove({ trusted: [swap] })
    expect(proof.wrong.map(({ kind }) => kind)).to.deep.equal(['unreadable'])
    expect(piecesOf(proof)[0]).to.equal(0)
  })

  for (const readers of [1, 2]) {
    it(`whose copy cannot be read ends ${readers === 1 ? 'one reader' : 'two readers'} at once`, async () => {
      const set = nights()
      // Longer than one reader may be ahead of the other.
      for (const path of [set.source, set.copy]) {
        truncateSync(path, 7 * pieceBytes)
        utimesSync(path, longAgo, longAgo)
      }
      const swap = {
        image: fromText('/nowhere'),
        read() {
          rmSync(set.copy)
          symlinkSync(set.source, set.copy)
          return undefined
        },
      }
      const proof = await set.prove({ readers, trusted: [swap] })
      expect(proof.wrong.map(({ kind }) => kind)).to.deep.equal(['unreadable'])
      expect(proof.counts.bytesRead).to.be.below(5 * pieceBytes)
    })
  }

  it('of no bytes, and one of just one piece, are proven', async () => {
    for (const size of [0, pieceBytes]) {
      const set = nights()
      for (const path of [set.source, set.copy]) {
        truncateSync(path, size)
        utimesSync(path, longAgo, longAgo)
      }
      const proof = await set.prove()
      expect(proof.result).to.equal('proven')
      expect(proof.counts.pieces).to.deep.equal({ checked: 1, all: 1 })
      expect(proof.manifest.digests.toString('hex')).to.equal(sha256(set.copy))
      expect((await set.prove()).counts.bytesRead).to.equal(0)
    }
  })
})
