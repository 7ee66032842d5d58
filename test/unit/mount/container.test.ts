import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Usage } from '../../../lib/mount/usage.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('in a process namespace of its own, as in a container', () => {
  it('what uses an image is unknown, because processes outside of it cannot be seen', function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
    if (process.getuid?.() !== 0) skip(this, 'needs root')
    const path = join(temporaryFolder(), 'work.sparsebundle')
    writeSparseBundle(path)
    const look = [process.execPath, '--import=tsx', fileURLToPath(new URL('./look-once.ts', import.meta.url)), path]
    const output = execFileSync('unshare', ['--pid', '--fork', '--mount-proc', ...look], { encoding: 'utf8' })
    const usage = JSON.parse(output) as Usage
    expect(usage.state).to.equal('unknown')
    expect(usage.evidence.join()).to.contain('container')
    expect((JSON.parse(execFileSync(look[0] as string, look.slice(1), { encoding: 'utf8' })) as Usage).state).to.equal(
      'detached',
    )
  })
})
