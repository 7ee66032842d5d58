import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { holdOpen, night } from '../support/history/machine.js'
import { imageDigest } from '../support/mac/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { backupSet, bandOf, digests, rewrite } from './support/set.js'

/** Twenty nights with the image in use, and one after it was let go; `before` nights had no hooks. */
async function live(folder: string, numRotations: number, before: number): Promise<void> {
  mkdirSync(folder)
  const set = backupSet({ folder, config: { limits: { quietSeconds: 0 }, watch: { mode: 'off' } } })
  const { lab } = set
  for (let count = before; count > 0; count -= 1) {
    rewrite(bandOf(set.image(), '2'), 100)
    await night(lab, numRotations, { withoutHooks: true })
  }
  const last = imageDigest(set.copy())
  const letGo = holdOpen(join(set.image(), 'token'))
  try {
    for (let count = 1; count <= 20; count += 1) {
      rewrite(bandOf(set.image(), String(count % 5)), 100)
      const report = await night(lab, numRotations)
      const [image] = report?.images ?? []
      const when = `numRotations ${String(numRotations)}, night ${String(count)}: ${image?.reason ?? ''}`
      expect(image, when).to.include({ verdict: 'not-backed-up', loudness: 'warning' })
      expect(image?.reason, when).to.match(/; no copy of it was ever proven$/)
      expect(image?.kept, when).to.include({ done: 'older-copy', proven: false })
      expect(imageDigest(set.copy()), when).to.equal(last)
    }
  } finally {
    letGo()
  }
  expect(lab.sections()).to.have.length(numRotations)
  expect([...new Set(digests(set))], 'every copy').to.deep.equal([last])
  const free = await night(lab, numRotations)
  expect(free?.images[0]).to.include({ verdict: 'proven' })
  expect(imageDigest(set.copy())).to.equal(imageDigest(set.image()))
}

describe('an image in use for twenty nights, on a set begun without us', function () {
  this.timeout(180_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })

  it('has its last copy at its place each morning, with numRotations 1, 2 and 8', async () => {
    const folder = temporaryFolder()
    await Promise.all(
      [
        [1, 1],
        [2, 10],
        [8, 10],
      ].map(([numRotations = 0, before = 0]) => live(join(folder, String(numRotations)), numRotations, before)),
    )
  })
})
