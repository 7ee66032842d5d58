import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readV1Header, readV2Header, v1Length } from '../../../lib/image/encryption-header.js'
import { findingList } from '../../../lib/image/finding-list.js'
import { recogniseFile } from '../../../lib/image/format.js'
import { isLocked } from '../../../lib/image/locked-error.js'
import { parsePlist, plistInteger, isDictionary } from '../../../lib/image/plist.js'
import { checkSparseImage } from '../../../lib/image/sparse-image-structure.js'
import { readSparseImageIndex } from '../../../lib/image/sparse-image-index.js'
import { readToken, tokenUuid } from '../../../lib/image/token.js'
import { unlock } from '../../../lib/image/unlock.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { v1Header, v2Header } from '../../support/image-writer/encryption-header.js'
import { sparseImageNodes } from '../../support/image-writer/sparse-image.js'
import { sharedFile, sharedFiles, unpacked } from '../seeds.js'
import type { MakeTarget } from '../target-type.js'

const bundle = (scratch: string, archive: string, name: string): Buffer =>
  readFileSync(join(unpacked(scratch, archive), name))

const asBinary =
  'import plistlib, sys; sys.stdout.buffer.write(plistlib.dumps(plistlib.loads(sys.stdin.buffer.read()), fmt=plistlib.FMT_BINARY))'

export const plist: MakeTarget = (scratch) => {
  const text = [
    bundle(scratch, 'hfsj-plain.sparsebundle.tgz', 'Info.plist'),
    bundle(scratch, 'gpt-aes128-v1.sparsebundle.tgz', 'Info.plist'),
    ...sharedFiles('hdiutil', '.plist'),
  ]
  const binary = text.map((input) => execFileSync('python3', ['-c', asBinary], { input }))
  return {
    seeds: [...text, ...binary],
    words: [
      '<dict>',
      '</dict>',
      '<array>',
      '<key>size</key>',
      '<integer>',
      '</integer>',
      '<!ENTITY a "b">',
      '&a;',
      '&#0;',
      '<![CDATA[',
      ']]>',
      'bplist00',
      '<!--',
    ],
    run(bytes) {
      const value = parsePlist(bytes)
      if (isDictionary(value)) plistInteger(value['size'])
    },
  }
}

export const sparseImageIndex: MakeTarget = (scratch) => {
  const whole = readFileSync(unpacked(scratch, 'gpt-plain.sparseimage.tgz'))
  const slots = Array.from({ length: 2500 }, (_, slot) => 2499 - slot)
  const made = ([1, 3] as const).map((version) => sparseImageNodes({ sectors: 40_000, slots, version }))
  return {
    seeds: [
      sharedFile('images/sparse-image-header.bin'),
      whole.subarray(0, 4096),
      ...made.map(({ nodes }) => Buffer.concat(nodes.map(({ bytes }) => bytes))),
    ],
    run(bytes, random) {
      const made3 = made[1]?.nodes ?? []
      const length = random.once(2) ? random.below(2 ** 31) : (made[1]?.length ?? 0)
      let reads = 0
      // The nodes of the writer stand where they belong, every other one where the one before it says.
      const read = (offset: number, wanted: number): Buffer => {
        reads += 1
        if (reads > 100_000) throw new Error('the index never ends')
        const at = made3.findIndex((node) => node.offset === offset)
        return bytes.subarray(at < 0 ? offset : at * 4096, (at < 0 ? offset : at * 4096) + wanted)
      }
      readSparseImageIndex(read, length)
      const facts = { type: 'file', size: length, inode: 1, links: 1, modified: 1, changed: 1 } as const
      checkSparseImage(fromText('a.sparseimage'), facts, read, { inUse: false })
    },
  }
}

const passphrase = Buffer.from('foo')
// More would tell nothing of the header, only of PBKDF2.
const mostRounds = 20

export const v2: MakeTarget = (scratch) => ({
  seeds: [
    bundle(scratch, 'hfsj-aes128-v2.sparsebundle.tgz', 'token').subarray(0, 4096),
    bundle(scratch, 'gpt-aes128-v2.sparsebundle.tgz', 'token').subarray(0, 4096),
    readFileSync(unpacked(scratch, 'gpt-aes128-v2.sparseimage.tgz')).subarray(0, 4096),
    v2Header('fuzz', { certificate: true }).subarray(0, 4096),
  ],
  run(bytes, random) {
    // A token is as long as it says where its data begin.
    const token =
      bytes.length >= 72 && random.once(2) ? padded(bytes, Number(bytes.readBigUInt64BE(64) & 0x3ffffn)) : bytes
    readV2Header(token)
    readToken(token, findingList(false))
    tokenUuid(token)
    recogniseFile(token.subarray(0, 512), token.subarray(-512))
    withFewRounds(token, 76)
    isLocked(unlock({ version: 'v2', bytes: token }, passphrase, { mostRounds }))
  },
})

export const v1: MakeTarget = (scratch) => ({
  seeds: [
    bundle(scratch, 'gpt-aes128-v1.sparsebundle.tgz', 'token'),
    readFileSync(unpacked(scratch, 'gpt-aes128-v1.sparseimage.tgz')).subarray(-v1Length),
    v1Header('fuzz'),
  ],
  run(bytes) {
    readV1Header(bytes)
    readToken(bytes, findingList(false))
    tokenUuid(bytes)
    if (bytes.length >= 0x34) bytes.writeUInt32BE(bytes.readUInt32BE(0x30) % mostRounds, 0x30)
    isLocked(unlock({ version: 'v1', bytes }, passphrase, { mostRounds }))
  },
})

const padded = (bytes: Buffer, length: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))])

/** So that a key record is tried, not refused for the time it would take. */
function withFewRounds(token: Buffer, table: number): void {
  if (token.length < table + 20) return
  const record = Number(token.readBigUInt64BE(table + 4) & 0xffffn)
  if (record + 12 <= token.length) token.writeUInt32BE(1 + (token.readUInt32BE(record + 8) % mostRounds), record + 8)
}
