import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { fingerprintText } from '../../../lib/manifest/fingerprint-text.js'
import { mtreeText } from '../../../lib/manifest/mtree-text.js'
import { fingerprintReader } from '../../../lib/manifest/read-fingerprints.js'
import { mtreeReader } from '../../../lib/manifest/read-mtree.js'
import { memberName } from '../../../lib/image/member-table.js'
import type { Container } from '../../../lib/image/image.js'
import type { Line } from '../../../lib/manifest/scan.js'
import type { Manifest } from '../../../lib/manifest/manifest-type.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { manifestOf } from '../../unit/manifest/support.js'
import type { MakeTarget } from '../target-type.js'

const slot = 'bob-1234'

function manifests(scratch: string): [Manifest, Manifest] {
  const [folder, file] = [join(scratch, 'a.sparsebundle'), join(scratch, 'a.sparseimage')]
  const bands = [0, 1, 2, 10, 31].map((index) => ({ index, length: 4096 }))
  writeSparseBundle(folder, { seed: 'fuzz', bands, virtualBytes: 64 * 1024 * 1024, mapped: true })
  writeSparseImage(file, { slots: [3, 1, 'freed', 0] })
  return [manifestOf(folder), manifestOf(file, 'sparse-image')]
}

const text = (parts: Iterable<string>): Buffer => Buffer.from([...parts].join(''), 'latin1')

export const mtree: MakeTarget = (scratch) => ({
  seeds: manifests(scratch).map((manifest) => text(mtreeText(manifest))),
  words: [
    ' type=file',
    ' type=dir',
    ' size=',
    ' time=1.000000000',
    ' sha256digest=',
    '\n..\n',
    'bands',
    'mapped',
    '\\040',
    '#mtree\n',
    ' type=link link=',
  ],
  run(bytes, random) {
    const container: Container = random.pick(['sparse-bundle', 'sparse-image'])
    const reader = mtreeReader(container, random.below(1000))
    if (!eachLine(bytes, (line) => reader.line(line))) return
    const manifest = reader.finish()
    if (manifest === undefined) return
    // What was taken for a manifest can be written again.
    for (let row = 0; row < manifest.copy.length; row += 1) memberName(manifest.copy, row)
    text(mtreeText(manifest))
  },
})

export const fingerprints: MakeTarget = (scratch) => {
  const seeds = manifests(scratch).map((manifest) => ({
    mtree: text(mtreeText(manifest)),
    jsonl: text(fingerprintText(manifest, slot)),
    container: manifest.copy.container,
  }))
  return {
    seeds: seeds.map(({ jsonl }, index) => Buffer.concat([Buffer.from([index]), jsonl])),
    words: ['[', ']', ',', '{"schema":"fingerprints/1"', ',"pieceBytes":8388608,"pieces":', ',"equal":', '"', '}'],
    run(bytes) {
      const seed = seeds[(bytes[0] ?? 0) % seeds.length] as (typeof seeds)[number]
      const mtreeOf = mtreeReader(seed.container, 10)
      eachLine(seed.mtree, (line) => mtreeOf.line(line))
      const manifest = mtreeOf.finish()
      if (manifest === undefined) throw new Error('the mtree is a good one')
      const reader = fingerprintReader(manifest, slot)
      if (eachLine(bytes.subarray(1), (line) => reader.line(line)) && reader.finish())
        text(fingerprintText(manifest, slot))
    },
  }
}

/** Tell whether every line was taken. */
function eachLine(bytes: Buffer, take: (line: Line) => boolean): boolean {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(10, at)
    const end = newline < 0 ? bytes.length : newline
    if (!take({ bytes, at, end })) return false
    at = end + 1
  }
  return true
}
