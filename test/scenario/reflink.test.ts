import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { holdOpen } from '../support/history/machine.js'
import { imageDigest } from '../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks } from '../support/reflink-disk.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'
import { night } from './support/night.js'
import { backupSet, bandOf, rewrite, type BackupSet } from './support/set.js'

const bin = fileURLToPath(new URL('../../dist/lib/cli/bin.js', import.meta.url))

const status = ({ lab }: BackupSet): string =>
  execFileSync('sh', ['-c', '"$0" "$@" || true', process.execPath, bin, 'status', '--config', lab.configurationFile], {
    encoding: 'utf8',
    env: { HOME: lab.folder, PATH: '/usr/bin:/bin' },
  })

describe('a kept copy', function () {
  this.timeout(180_000)
  let letGo: (() => void) | undefined
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
  })
  afterEach(() => letGo?.())
  afterEach(unmountReflinkDisks)

  /** A night at rest, and one in use, before which the only section goes. */
  async function kept(set: BackupSet): Promise<string> {
    await night('ours', set.lab, set.stateFolder)
    letGo = holdOpen(join(set.image(), 'token'))
    const { image } = await night('ours', set.lab, set.stateFolder)
    expect(image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
    return set.copies().find((path) => path.includes('/kept/')) ?? 'none is kept'
  }

  it('shares no data with the sections where files can be cloned: who writes into one does not change the other', async function () {
    const folder = temporaryFolder()
    const set = backupSet({ folder, backupDest: reflinkDisk(this, folder), settings: { numRotations: '1' } })
    const { lab, stateFolder } = set
    const store = await kept(set)
    const good = imageDigest(store)
    expect(status(set))
      .to.match(/1 copy in the store/)
      .and.not.to.contain('shares its data')
    rewrite(bandOf(set.copy(), '0'))
    expect(imageDigest(store), 'the kept copy').to.equal(good)
    const third = await night('ours', lab, stateFolder)
    expect(third.status.slots[0]?.kept).to.include({ shared: false })
    expect(third.image('bob.sparsebundle').kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(set.copy()), 'what lies at its place again').to.equal(good)
    expect(imageDigest(store)).to.equal(good)
  })

  it('shares it where they cannot, and status says so', async () => {
    const set = backupSet({ settings: { numRotations: '1' } })
    await kept(set)
    expect(status(set)).to.match(/1 copy in the store, .*; the kept copy shares its data with the sections\./)
  })
})
