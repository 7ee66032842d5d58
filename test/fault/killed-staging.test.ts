import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Phase } from '../../lib/lbackup/exit-codes.js'
import { filesIn } from '../scenario/support/set.js'
import { inLanes } from '../support/fault/lanes.js'
import {
  announcements,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  night,
  type FaultLab,
} from '../support/fault/night.js'
import { aim, recordSteps, tellSteps } from '../support/fault/recorded.js'
import { killing, needStrace, type Step } from '../support/fault/steps.js'
import { reflinkDisk, unmountReflinkDisks } from '../support/reflink-disk.js'
import { temporaryFolder } from '../support/temporary.js'

describe('a hook killed with KILL, with a staging folder', function () {
  this.timeout(600_000)
  let disk: string
  let labs: number
  before(function () {
    needStrace(this)
  })
  beforeEach(function () {
    disk = reflinkDisk(this, temporaryFolder(), 'btrfs', 512)
    labs = 0
  })
  afterEach(unmountReflinkDisks)

  /** A lab on the disk, after one good night. */
  async function stagedLab(): Promise<FaultLab> {
    const folder = join(disk, String((labs += 1)))
    const backupSource = join(folder, 'staging')
    mkdirSync(backupSource, { recursive: true })
    const source = { mode: 'staging', reservePercent: 0 }
    const fault = faultLab({ source, search: { roots: [join(folder, 'source')] } }, folder, { backupSource })
    await expectGoodNight(fault, [], 'before any fault')
    return fault
  }

  const standing = ({ lab }: FaultLab): string[] => readdirSync(lab.backupSource)

  /** Steps on the staging folder and on its book, one for all that differ only in the member. */
  async function stepsOf(phase: Phase): Promise<Step[]> {
    const seen = new Set<string>()
    return (await recordSteps(phase, await stagedLab())).filter(({ call, path, occurrence }) => {
      const text = `${call} ${path.replace(/bands\/\w+$|Info\.\w+$|token$/, 'MEMBER')}`
      const key = path.startsWith('/HELD') ? `${text} ${String(occurrence)}` : text
      if (!/staging|HELD/.test(path) || path.includes('SCRATCH') || seen.has(key)) return false
      seen.add(key)
      return true
    })
  }

  for (const phase of ['pre', 'post'] as const) {
    it(`at each step of what it freezes and removes: ${phase}`, async function () {
      const steps = await stepsOf(phase)
      const killed = await inLanes(steps, stagedLab, (fault, step) => {
        const look = async (when: string): Promise<void> => {
          const image = filesIn(join(fault.lab.source, 'alice'))
          const { said, exitCode, output } = await night(fault)
          fault.node.becomes(phase)
          if (said.includes('137') && phase === 'pre') {
            expect(exitCode, when).to.equal(129)
            expect(output, 'an empty folder is never a success').not.to.contain('Synchronizing')
          }
          expectOwnExcludes(fault, when)
          await expectGoodNight(fault, announcements(fault), when)
          expect(standing(fault), when).to.deep.equal([])
          expect(existsSync(join(fault.stateFolder, 'staging.json')), when).to.equal(false)
          expect(filesIn(join(fault.lab.source, 'alice')), when).to.deep.equal(image)
        }
        return aim(fault, phase, step, killing, look)
      })
      tellSteps(this, `${String(killed)} of ${String(steps.length)} steps`)
    })
  }
})
