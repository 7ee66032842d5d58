import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { SlotStatus } from '../../../lib/generated/status.js'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import { isGone, volumesOfImages } from '../../../lib/run/gone.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('an image that was not found', () => {
  let root: string
  const known = (path: string, onSourceVolume?: boolean): SlotStatus =>
    ({ path, ...(onSourceVolume === undefined ? {} : { onSourceVolume }) }) as SlotStatus
  const source = () => backupSource(fromText(root))
  beforeEach(() => {
    root = temporaryFolder()
    mkdirSync(join(root, 'bob'))
  })

  it('is gone where its folder, or what is left above it, could be read', () => {
    expect(isGone(source(), known(join(root, 'bob/x.sparsebundle'), true))).to.be.true
    rmSync(join(root, 'bob'), { recursive: true })
    expect(isGone(source(), known(join(root, 'bob/x.sparsebundle'), true))).to.be.true
    expect(isGone(source(), known(join(root, 'bob/x.sparsebundle')))).to.be.true
  })

  it('could not be looked for where its folder cannot be read', function () {
    if (process.geteuid?.() === 0) {
      // Root reads everything: a file stands in the way instead.
      rmSync(join(root, 'bob'), { recursive: true })
      execFileSync('touch', [join(root, 'bob')])
    } else chmodSync(join(root, 'bob'), 0)
    expect(isGone(source(), known(join(root, 'bob/x.sparsebundle'), true))).to.be.false
  })

  it('could not be looked for where another volume lies there now, or its own does not', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can mount')
    const path = join(root, 'bob/x.sparsebundle')
    const seen = (): boolean | undefined => volumesOfImages(source(), [{ slot: 'bob', path }]).get('bob')
    expect(seen()).to.be.true
    expect(isGone(source(), known(path, false)), 'the volume is not mounted').to.be.false
    execFileSync('mount', ['-t', 'tmpfs', 'none', join(root, 'bob')])
    try {
      expect(seen()).to.be.false
      expect(isGone(source(), known(path, false)), 'the same volume').to.be.true
      expect(isGone(source(), known(path, true)), 'another volume').to.be.false
    } finally {
      execFileSync('umount', [join(root, 'bob')])
    }
  })
})
