import type { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Manifest } from '../manifest/manifest-type.js'
import { pieceBytes, pieceCount } from '../manifest/pieces.js'

/** What a member's bytes must be, as far as its manifest knows. */
export interface Expected {
  /** Nothing of them is unknown. */
  readonly whole: boolean
  /** Begins a check of bytes that come in order, in parts of any length. */
  readonly check: () => ByteCheck
}

export interface ByteCheck {
  readonly add: (bytes: Buffer) => void
  /** Ends it: all that is known of the bytes is true of those that came. */
  readonly isRight: () => boolean
}

/** Given a manifest and one of its rows, return what is known of that member's bytes; undefined: nothing. */
export function expectedBytes({ copy, known, digests, pieces }: Manifest, row: number): Expected | undefined {
  if (known[row] === 1) return { whole: true, check: () => wholeCheck(digests.subarray(row * 32, row * 32 + 32)) }
  if (pieces.known === 0) return undefined
  const whole = pieces.known === pieceCount(copy.size[row] as number)
  return { whole, check: () => pieceCheck(pieces.digests.subarray(0, pieces.known * 32)) }
}

function wholeCheck(digest: Buffer): ByteCheck {
  const hash = createHash('sha256')
  return { add: (bytes) => void hash.update(bytes), isRight: () => hash.digest().equals(digest) }
}

function pieceCheck(digests: Buffer): ByteCheck {
  let hash = createHash('sha256')
  let [at, length] = [0, 0]
  let right = true
  const end = (): void => {
    // Of what lies behind the known pieces nothing can be said.
    const expected = digests.subarray(at, at + 32)
    right &&= expected.length === 0 || hash.digest().equals(expected)
    hash = createHash('sha256')
    at += 32
    length = 0
  }
  return {
    add(bytes) {
      for (let from = 0; from < bytes.length;) {
        const part = bytes.subarray(from, from + pieceBytes - length)
        hash.update(part)
        length += part.length
        from += part.length
        if (length === pieceBytes) end()
      }
    },
    isRight() {
      if (length > 0 || at === 0) end()
      return right && at >= digests.length
    },
  }
}
