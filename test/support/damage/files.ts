import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { edit, type Damage } from './edit.js'

const plainFile = 'gpt-plain.sparseimage.tgz'
const v2File = 'gpt-aes128-v2.sparseimage.tgz'
const v1File = 'gpt-aes128-v1.sparseimage.tgz'

export const fileDamages: readonly Damage[] = [
  [
    'a sparse image cut short',
    plainFile,
    (i) => truncateSync(i, 1_052_671),
    ['sparse-image-truncated error testimage'],
  ],
  ['a sparse image too long', plainFile, (i) => appendFileSync(i, 'x'), ['sparse-image-overlong warning testimage']],
  [
    'a slot twice',
    plainFile,
    (i) => {
      edit(i, (b) => b.writeUInt32BE(1, 68))
      truncateSync(i, 4096 + 2 * 1_048_576)
    },
    ['slot-duplicate error testimage'],
  ],
  [
    'a slot out of range',
    plainFile,
    (i) => edit(i, (b) => b.writeUInt32BE(2, 64)),
    ['slot-out-of-range error testimage'],
  ],
  [
    'an entry after the end',
    plainFile,
    (i) => edit(i, (b) => b.writeUInt32BE(1, 72)),
    ['slot-after-end error testimage'],
  ],
  [
    'a freed slot',
    plainFile,
    (i) => {
      edit(i, (b) => b.writeUInt32BE(0xffffffff, 68))
      truncateSync(i, 4096 + 2 * 1_048_576)
    },
    [],
  ],
  [
    'two sizes',
    plainFile,
    (i) => edit(i, (b) => b.writeUInt32BE(7, 16)),
    ['sparse-image-header-damaged error testimage'],
  ],
  [
    'no band size in the header',
    plainFile,
    (i) => edit(i, (b) => b.writeUInt32BE(0, 8)),
    ['sparse-image-header-damaged error testimage'],
  ],
  ['no magic', plainFile, (i) => edit(i, (b) => b.fill(0, 0, 4)), ['image-unrecognised error testimage']],
  ['another kind of image', plainFile, (i) => edit(i, (b) => b.write('shdw')), ['image-kind-other error testimage']],
  ['a v2 file cut short', v2File, (i) => truncateSync(i, 1_175_551), ['encrypted-image-truncated error testimage']],
  ['a v2 file too long', v2File, (i) => appendFileSync(i, 'x'), ['encrypted-image-overlong warning testimage']],
  [
    'a v2 file without a length',
    v2File,
    (i) => edit(i, (b) => b.writeBigUInt64BE(0n, 56)),
    ['encrypted-length-unset warning testimage'],
  ],
  [
    'a v2 header damaged',
    v2File,
    (i) => edit(i, (b) => b.writeBigUInt64BE(2n ** 64n - 1n, 64)),
    ['encryption-header-damaged error testimage'],
  ],
  [
    'a v1 file that lost bytes',
    v1File,
    (i) => {
      const b = readFileSync(i)
      writeFileSync(i, Buffer.concat([b.subarray(0, 1000), b.subarray(2000)]))
    },
    ['encrypted-image-truncated error testimage'],
  ],
  [
    'a v1 file that lost its tail',
    v1File,
    (i) => truncateSync(i, 1_052_672),
    ['encryption-header-lost error testimage'],
  ],
]
