import { join } from 'node:path'
import type { Phase } from '../../../lib/lbackup/exit-codes.js'
import { expectGoodNight, faultLab, night, type FaultLab } from './night.js'
import { aimedAgain, isSame, killedAt, recording, stepsIn, type Step } from './steps.js'

/** A lab after one good night. */
export async function steadyLab(): Promise<FaultLab> {
  const fault = faultLab()
  await expectGoodNight(fault, [], 'before any fault')
  return fault
}

/** The steps of a hook in a lab's next session. */
export async function recordSteps(phase: Phase, fault: FaultLab): Promise<Step[]> {
  const trace = join(fault.lab.folder, 'trace')
  fault.node.becomes(phase, recording(trace))
  await night(fault)
  fault.node.becomes(phase)
  return stepsIn(trace, fault.lab.folder)
}

/** A step for people. */
export const named = ({ call, path, occurrence }: Step): string => `${call} ${path} (${String(occurrence)})`

/** Puts the number of steps into the running test's title: it is known only when they have been done. */
export function tellSteps(context: Mocha.Context, text: string): void {
  const test = context.test as Mocha.Runnable
  test.title += ` (${text})`
}

/**
 * Runs sessions until a hook was killed at the step, looking after each one whose hook was killed, wherever that was.
 * Returns whether the step was met: that of a `write` may not be, as Node writes to itself at moments of its own.
 */
export async function aim(
  { lab, node }: FaultLab,
  phase: Phase,
  step: Step,
  how: (trace: string, step: Step) => string,
  look: (when: string) => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<boolean> {
  const trace = join(lab.folder, 'trace')
  let aimed = step
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await prepare()
    node.becomes(phase, how(trace, aimed))
    await look(`killed at ${named(step)}`)
    const met = killedAt(trace, lab.folder)
    if (met !== undefined && isSame(met, step)) return true
    aimed = aimedAgain(trace, lab.folder, aimed)
  }
  if (step.call !== 'write') throw new Error(`the hook was never killed at ${named(step)}`)
  return false
}
