import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edit, encrypted, encryptedV1, mapped, type Damage } from './edit.js'

const rewrite = (image: string, from: string | RegExp, to: string): void => {
  for (const name of ['Info.plist', 'Info.bckup']) {
    const file = join(image, name)
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  }
}

export const headDamages: readonly Damage[] = [
  [
    'a zeroed token',
    encrypted,
    (i) => writeFileSync(join(i, 'token'), Buffer.alloc(122_368)),
    ['token-invalid error token'],
  ],
  ['a token of rubbish', encrypted, (i) => writeFileSync(join(i, 'token'), 'rubbish'), ['token-invalid error token']],
  ['an emptied token', encrypted, (i) => truncateSync(join(i, 'token'), 0), ['token-lost error token']],
  ['a token cut short', encrypted, (i) => truncateSync(join(i, 'token'), 1000), ['token-length-wrong error token']],
  [
    'a token too long',
    encrypted,
    (i) => appendFileSync(join(i, 'token'), 'x'),
    ['token-length-wrong error token', 'token-padding-dirty warning token'],
  ],
  [
    'a v1 token too long',
    encryptedV1,
    (i) => writeFileSync(join(i, 'token'), Buffer.concat([Buffer.alloc(1), readFileSync(join(i, 'token'))])),
    ['token-length-wrong error token'],
  ],
  ['a v1 token cut short', encryptedV1, (i) => truncateSync(join(i, 'token'), 1000), ['token-invalid error token']],
  ['no token', encrypted, (i) => rmSync(join(i, 'token')), ['token-missing error token']],
  [
    'dirty padding',
    encrypted,
    (i) => edit(join(i, 'token'), (b) => (b[100_000] = 1)),
    ['token-padding-dirty warning token'],
  ],
  [
    'no key in the token',
    encrypted,
    (i) => edit(join(i, 'token'), (b) => b.writeUInt32BE(0, 72)),
    ['encryption-header-damaged error token'],
  ],
  [
    'a key record outside',
    encrypted,
    (i) => edit(join(i, 'token'), (b) => b.writeBigUInt64BE(2n ** 63n, 80)),
    ['encryption-header-damaged error token'],
  ],
  [
    'a v1 header damaged',
    encryptedV1,
    (i) => edit(join(i, 'token'), (b) => b.writeUInt32BE(0, 0x88)),
    ['encryption-header-damaged error token'],
  ],
  ['Info.plist emptied', mapped, (i) => truncateSync(join(i, 'Info.plist'), 0), ['plist-half-lost warning Info.plist']],
  ['Info.bckup gone', mapped, (i) => rmSync(join(i, 'Info.bckup')), ['plist-half-lost warning Info.bckup']],
  [
    'both emptied',
    mapped,
    (i) => {
      truncateSync(join(i, 'Info.plist'), 0)
      truncateSync(join(i, 'Info.bckup'), 0)
    },
    ['plist-unreadable error Info.plist'],
  ],
  [
    'two plists that differ',
    mapped,
    (i) =>
      writeFileSync(
        join(i, 'Info.bckup'),
        readFileSync(join(i, 'Info.bckup'), 'utf8').replace('100000256', '100000768'),
      ),
    ['plist-copies-differ warning Info.bckup'],
  ],
  [
    'the wrong type',
    mapped,
    (i) => rewrite(i, 'diskimage.sparsebundle', 'diskimage.other'),
    ['image-type-wrong error Info.plist'],
  ],
  [
    'an unknown version',
    mapped,
    (i) => rewrite(i, '<integer>1<', '<integer>3<'),
    ['backingstore-version-unknown warning Info.plist'],
  ],
  ['version 2', mapped, (i) => rewrite(i, '<integer>1<', '<integer>2<'), []],
  ['numbers as text', mapped, (i) => rewrite(i, /<integer>(\d{5,})<\/integer>/g, '<string>$1</string>'), []],
  ['no band size', mapped, (i) => rewrite(i, 'band-size', 'bond-size'), ['band-size-invalid error Info.plist']],
  ['no size', mapped, (i) => rewrite(i, '100000256', '0'), ['image-size-invalid error Info.plist']],
]
