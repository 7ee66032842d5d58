import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { openDisk } from '../../../lib/disk/open.js'
import { unlockImage } from '../../../lib/disk/unlock.js'
import { realImage } from '../../support/real-images.js'
import { shared } from '../../support/shared.js'

interface Expected {
  readonly passphrase: string | null
  readonly disk_size: number
  readonly disk_sha256: string
}

describe('the disk inside an image made by hdiutil', () => {
  it('is decoded to its digest, every one of them, with its passphrase alone', function () {
    this.timeout(60_000)
    const all = JSON.parse(readFileSync(shared(this, 'images/expected.json'), 'utf8')) as Record<string, Expected>
    expect(Object.keys(all)).to.have.length.above(7)
    for (const [archive, { passphrase, disk_size: size, disk_sha256: digest }] of Object.entries(all)) {
      const image = realImage(this, archive)
      const key = unlockImage(image, Buffer.from(passphrase ?? 'any'))
      expect(key === undefined, archive).to.equal(passphrase === null)
      const disk = openDisk(image, key)
      expect(disk.size, archive).to.equal(size)
      const hash = createHash('sha256')
      // No divisor of a band or of a cipher block.
      for (let at = 0; at < size; at += 99_991) hash.update(disk.read(at, 99_991))
      expect(hash.digest('hex'), archive).to.equal(digest)
      expect(disk.read(size, 10).length, archive).to.equal(0)
      disk.close()
    }
  })
})
