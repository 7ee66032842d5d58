import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, runSession } from '../support/session/index.js'

for (const host of hosts) {
  describe(`a night with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('copies an image at rest and says so, with counts', async () => {
      const lab = makeLab()
      mkdirSync(join(lab.source, 'alice'))
      writeSparseBundle(join(lab.source, 'alice/Work.sparsebundle'), {
        bands: [
          { index: 0, length: mebibyte },
          { index: 2, length: 8192 },
        ],
      })
      protect(lab)
      const result = await runSession(host, lab)
      expect(result.exitCode).to.equal(0)
      expect(result.log).to.match(/lbackup-filevault: proven: .*Work\.sparsebundle/)
    })
  })
}
