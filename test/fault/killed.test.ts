import { expect } from 'chai'
import type { Phase } from '../../lib/lbackup/exit-codes.js'
import { inLanes } from '../support/fault/lanes.js'
import {
  announcements,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  night,
  type FaultLab,
  type Night,
} from '../support/fault/night.js'
import { aim, recordSteps, steadyLab, tellSteps } from '../support/fault/recorded.js'
import { killing, needStrace, type Step } from '../support/fault/steps.js'

// What is killed is the hook's Node; its launcher sees 137.

describe('a hook killed with KILL', function () {
  this.timeout(240_000)
  before(function () {
    needStrace(this)
  })

  it('in its first run, while it makes its folders, its lock and its mark on the backup disk', async function () {
    const steps = (await recordSteps('pre', faultLab())).filter(({ call, path }) => {
      return /store\.json|\/lock|destination/.test(path) || call === 'mkdir'
    })
    const made = steps.filter(({ path }) => !path.includes('SCRATCH'))
    const killed = await inLanes(made, nothing, (_, step) => killAt(faultLab(), 'pre', step, expectHalted))
    tellSteps(this, `${String(killed)} of ${String(made.length)} steps`)
  })

  it('at each step of lock, record and excludes, and at some of the scratch tree and the reports: pre', async function () {
    const steps = sampled(await recordSteps('pre', await steadyLab()))
    const killed = await inLanes(steps, steadyLab, (fault, step) => killAt(fault, 'pre', step, expectHalted))
    tellSteps(this, `${String(killed)} of ${String(steps.length)} steps`)
  })

  it('at each step of lock, record and excludes, and at some of the reports: post', async function () {
    const steps = sampled(await recordSteps('post', await steadyLab()))
    const killed = await inLanes(steps, steadyLab, (fault, step) => killAt(fault, 'post', step, expectShouted))
    tellSteps(this, `${String(killed)} of ${String(steps.length)} steps`)
  })

  it('at each step of putting right what a dead run left', async function () {
    const fault = await steadyLab()
    await dead(fault)
    const steps = await recordSteps('pre', fault)
    const here = steps.slice(
      0,
      steps.findIndex(({ path }) => path.includes('SCRATCH')),
    )
    const killed = await inLanes(here, steadyLab, (lane, step) =>
      killAt(lane, 'pre', step, expectHalted, () => dead(lane)),
    )
    tellSteps(this, `${String(killed)} of ${String(here.length)} steps`)
  })
})

/** Leaves a run that died when everything was in force. */
async function dead(fault: FaultLab): Promise<void> {
  fault.node.becomes('pre', '"$node" "$@"\nkill -KILL $$')
  await night(fault)
  fault.node.becomes('pre')
}

/** Every step on what counts; of what is only told, and of the tree that is made and removed for rsync, one each. */
function sampled(steps: readonly Step[]): Step[] {
  const told = /report\.json|status\.json|backup\.log/
  return [
    ...steps.filter(({ path }) => !told.test(path) && !path.includes('SCRATCH')),
    ...steps.filter(({ call, path }) => told.test(path) && call === 'rename'),
    ...steps.filter(({ path }) => path.includes('SCRATCH')).filter((_, index) => index % 17 === 5),
  ]
}

/**
 * Kills the hook of a session when it is about to do that step, lets `check` look at what came of it, and demands that the
 * next session puts everything right.
 */
const killAt = (
  fault: FaultLab,
  phase: Phase,
  step: Step,
  check: (killed: Night, when: string) => void,
  prepare: () => Promise<void> = nothing,
): Promise<boolean> => {
  const look = async (when: string): Promise<void> => {
    const killed = await night(fault)
    fault.node.becomes(phase)
    if (killed.said.includes('137')) check(killed, when)
    expectOwnExcludes(fault, when)
    await expectGoodNight(fault, announcements(fault), when)
  }
  return aim(fault, phase, step, killing, look, prepare)
}

function expectHalted(killed: Night, when: string): void {
  expect(killed.exitCode, when).to.equal(129)
  expect(killed.said, when).to.match(
    /ERROR! The pre-backup hook ended unexpectedly \(exit code 137\)\. The backup is halted/,
  )
  expect(killed.output, when).not.to.contain('Synchronizing')
}

function expectShouted(killed: Night, when: string): void {
  expect(killed.exitCode, when).to.equal(0)
  expect(killed.said, when).to.match(
    /ERROR! The post-backup hook ended unexpectedly \(exit code 137\)\. The copies of this run were not checked/,
  )
  expect(killed.output, when).to.contain('post action exit value : 1')
}

const nothing = (): Promise<void> => Promise.resolve()
