import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { isBundlePlist } from '../../../lib/image/bundle-plist.js'
import { fileKind, recogniseFile } from '../../../lib/image/format.js'
import { readSparseImageIndex } from '../../../lib/image/sparse-image-index.js'
import { baseName } from '../../../lib/text/raw-path.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { realImage } from '../../support/real-images.js'
import { shared } from '../../support/shared.js'

interface Expected {
  readonly kind: string
  readonly disk_size: number
}

const uuidAt = { v1: 0, v2: 36 }

describe('the structure of images made by hdiutil', () => {
  it('is recognised and healthy, every one of them', function () {
    const expected = JSON.parse(readFileSync(shared(this, 'images/expected.json'), 'utf8')) as Record<string, Expected>
    const archives = readdirSync(shared(this, 'images')).filter((name) => name.endsWith('.tgz'))
    expect(archives.sort()).to.deep.equal(Object.keys(expected).sort())
    for (const [archive, { kind, disk_size: diskSize }] of Object.entries(expected)) {
      const image = realImage(this, archive)
      const structure = lookAtStructure(image, { inUse: false })
      const encryption = /v[12]/.exec(kind)?.[0] ?? 'none'
      expect(structure.findings, archive).to.deep.equal([])
      expect(structure.encryption, archive).to.equal(encryption)
      const readable = encryption === 'none' || image.container === 'sparse-bundle'
      expect(structure.counts.virtualBytes, archive).to.equal(readable ? diskSize : 0)
      expect(structure.fingerprint).to.match(/^[0-9a-f]{64}$/)
      expect(lookAtStructure(image, { inUse: false }), archive).to.deep.equal(structure)
      if (image.container === 'sparse-bundle') {
        expect(isBundlePlist(readFileSync(join(image.file, 'Info.plist')))).to.equal(true)
      } else {
        const bytes = readFileSync(image.file)
        const format = recogniseFile(bytes.subarray(0, 8), bytes.subarray(-512))
        expect(format).to.equal({ v1: 'encrypted-v1', v2: 'encrypted-v2', none: 'sparse-image' }[encryption])
        expect(fileKind(format, baseName(image.path))).to.equal('sparse-image')
      }
      if (encryption === 'v1' || encryption === 'v2') {
        const header = readFileSync(image.container === 'sparse-bundle' ? join(image.file, 'token') : image.file)
        const at = encryption === 'v1' ? header.length - 1276 : uuidAt.v2
        expect(structure.uuid?.replaceAll('-', '')).to.equal(header.toString('hex', at, at + 16))
        expect(structure.uuid).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      } else expect(structure.uuid).to.equal(undefined)
    }
  })

  it('counts what is in it', function () {
    const { counts } = lookAtStructure(realImage(this, 'fat16-plain-mapped.sparsebundle.tgz'), { inUse: false })
    expect(counts).to.deep.equal({
      members: 11,
      bands: 3,
      possibleBands: 12,
      shortBands: 2,
      bytes: 496 * 2 + 7_725_568 + 8_090_112 + 2_097_152 + 3 * 256,
      virtualBytes: 100_000_256,
    })
  })

  it('of the header that libmodi tests with is read', function () {
    const header = readFileSync(shared(this, 'images/sparse-image-header.bin'))
    const index = readSparseImageIndex((offset, length) => header.subarray(offset, offset + length), header.length)
    expect(index.problems).to.deep.equal([])
    expect(index).to.include({ usedSlots: 4, nodes: 1, bandBytes: 1_048_576, virtualBytes: 4_194_304 })
    expect(index.expectedLength).to.equal(4096 + 4 * 1_048_576)
  })
})
