import { duringRun } from '../staging/freezing-lock.js'
import type { RunContext } from './context.js'
import { refuseOrphan } from './orphan.js'

/**
 * Given the run, do something to the staging folder as soon as nobody else does. Throws OperationalError, `hook-orphaned`
 * where the hook works for nobody any more: what stands there may be another run's by then.
 */
export const aloneInStaging = <Result>(
  context: Pick<RunContext, 'system' | 'stateFolder' | 'lbackup'>,
  action: () => Promise<Result>,
): Promise<Result> =>
  duringRun(context.system, context.stateFolder, async () => {
    await refuseOrphan(context)
    return action()
  })
