import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fillDefaults } from '../../../lib/config/defaults.js'
import { insideChecker } from '../../../lib/run/check-inside.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { systemOf } from '../../../lib/cli/machine.js'
import { realImage } from '../../support/real-images.js'

describe('the check of the disk inside of a copy', () => {
  it('calls what the system does not give unchecked, and no damage', async function () {
    const { file } = realImage(this, 'hfsj-plain.sparsebundle.tgz')
    const { config } = fillDefaults({})
    const check = insideChecker({ config, system: systemOf({ config }) })
    const copy = {
      path: fromText(file),
      container: 'sparse-bundle',
      encryption: 'none',
      counts: { members: 1, bytes: 1 },
      image: { user: '', path: file },
    } as const
    expect(await check(copy)).to.include({ state: 'checked' })
    const band = join(file, 'bands', '0')
    rmSync(band)
    mkdirSync(band)
    const inside = await check(copy)
    expect(inside).to.include({ state: 'unchecked', failed: true })
    expect('because' in inside && inside.because).to.match(/could not be checked to its end: .*[^.]$/)
  })
})
