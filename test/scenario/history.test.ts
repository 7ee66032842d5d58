import { join } from 'node:path'
import { builtPackage } from '../support/fault/package-copy.js'
import { makeDisks, unmountDisks } from '../support/history/disks.js'
import { live } from '../support/history/live.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'

// LBACKUP_FILEVAULT_SEEDS=5000 for more, LBACKUP_FILEVAULT_SEED=17 for one.
const { LBACKUP_FILEVAULT_SEEDS: many = '40', LBACKUP_FILEVAULT_SEED: one } = process.env
const seeds = one === undefined ? Array.from({ length: Number(many) }, (_, index) => index + 1) : [Number(one)]
const lanes = Math.min(32, seeds.length)

describe('random histories of nights', function () {
  this.timeout(3_600_000)
  afterEach(unmountDisks)

  it(`${String(seeds.length)} seeds: older sections stay, proven is true, and the newest good copy is never lost`, async function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
    const folder = temporaryFolder()
    builtPackage()
    const disks = makeDisks(folder, lanes)
    const test = this.test as Mocha.Runnable
    test.title +=
      disks === undefined ? ' (0 of them on a disk that fills up: not root)' : ' (all on disks that fill up)'
    const left = [...seeds]
    const failures: Error[] = []
    const lane = async (number: number): Promise<void> => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        await live(seed, join(disks?.big ?? folder, String(seed)), disks?.small[number]).catch((error: unknown) => {
          failures.push(error as Error)
          // Thousands take a while; what is found is told at once.
          process.stderr.write(`${(error as Error).message}\n\n`)
        })
      }
    }
    await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
    if (failures.length > 0) {
      throw new Error(`${String(failures.length)} histories\n\n${failures.map(({ message }) => message).join('\n\n')}`)
    }
  })
})
