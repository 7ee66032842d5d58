import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { inLanes } from '../support/fault/lanes.js'
import {
  announcements,
  blockInForce,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  night,
} from '../support/fault/night.js'
import { aim, recordSteps, steadyLab, tellSteps } from '../support/fault/recorded.js'
import { killingBoth, needStrace, type Step } from '../support/fault/steps.js'
import { untilGone } from '../support/fault/until.js'

// LBackup goes on with the backup after a hook that was killed with KILL: only the post hook can tell.

describe('a pre-backup hook killed together with its launcher', function () {
  this.timeout(240_000)
  before(function () {
    needStrace(this)
  })

  it('LBackup goes on; the post-backup hook shouts and takes the block out; the next run works', async function () {
    const steps = chosen(await recordSteps('pre', await steadyLab()))
    const killed = await inLanes(steps, steadyLab, (fault, step) =>
      aim(fault, 'pre', step, killingBoth, async (when) => {
        const result = await night(fault)
        fault.node.becomes('pre')
        expect(result.exitCode, when).to.equal(0)
        if (result.output.includes('137')) {
          expect(result.said, when).to.match(
            /ERROR! The pre-backup hook did not (run in this backup|come to its end, yet LBackup went on)/,
          )
          expect(result.output, when).to.contain('post action exit value : 1')
        }
        expectOwnExcludes(fault, when)
        await expectGoodNight(fault, announcements(fault), when)
      }),
    )
    tellSteps(this, `${String(killed)} of ${String(steps.length)} steps`)
  })
})

/**
 * One step of each part, up to the last record: from then on the block is in force and the record tells of it. No `write`:
 * it cannot be aimed exactly, and a later one is past that record.
 */
function chosen(steps: readonly Step[]): Step[] {
  const wanted: [call: string, path: RegExp, occurrence: number][] = [
    ['link', /\/lock\//, 1],
    ['unlink', /\/lock\//, 1],
    ['rename', /run\.json/, 1],
    ['rename', /run\.json/, 2],
    ['rename', /excludes/, 1],
    ['fsync', /^\/config$/, 1],
    ['rename', /run\.json/, 3],
  ]
  return wanted.map(([call, path, occurrence]) => {
    const found = steps.find((step) => step.call === call && path.test(step.path) && step.occurrence === occurrence)
    if (found === undefined) throw new Error(`the hook no longer does ${call} on ${String(path)}`)
    return found
  })
}

describe('a pre-backup hook whose launcher alone was killed', () => {
  it('does nothing more: no block, not a line in the log while rsync may run', async () => {
    // The look at an image takes a while, in which the launcher is killed.
    const fault = faultLab({ limits: { quietSeconds: 2 } })
    const [record, pid] = [join(fault.stateFolder, 'run.json'), join(fault.lab.folder, 'pid')]
    fault.node.becomes(
      'pre',
      [
        `launcher=$PPID; echo $$ >'${pid}'`,
        `( while [ ! -e '${record}' ]; do sleep 0.05; done; kill -KILL "$launcher" ) </dev/null >/dev/null 2>&1 &`,
      ].join('\n'),
    )
    const killed = await night(fault)
    expect(killed.output).to.contain('undefined pre action exit value : 137')
    await untilGone(Number(readFileSync(pid, 'utf8')))
    expect(blockInForce(fault)).to.equal(false)
    expect(fault.lab.log()).not.to.match(/planned|ended while the hook/)
    expect(killed.said).to.match(/ERROR! The pre-backup hook did not come to its end, yet LBackup went on/)
    expect(existsSync(fault.lab.lockFile)).to.equal(false)
    fault.node.becomes('pre')
    await expectGoodNight(fault, announcements(fault), 'after its launcher was killed')
  })
})
