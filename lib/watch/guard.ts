import { packageFolder } from '../system/package.js'
import { startPiped } from '../system/piped.js'
import { fromText, join } from '../text/raw-path.js'
import type { GuardOrder } from './guard-post.js'

/** A process that lets rsync go on where the watch cannot. */
export interface Guard {
  /** It is there and has said so. */
  standsBy(): boolean
  /** It will never stand by again. */
  gone(): boolean
  /** Hands over what is about to be stopped; true once it has that. */
  arm(order: GuardOrder): Promise<boolean>
  /** Says that we are at work. */
  beat(): void
  disarm(): void
  end(): void
}

/** Its answer is waited for no longer, milliseconds. */
const patience = 1000

/** Given what to do when the guard let rsync go on by itself and when it is gone, start one. */
export function startGuard(wentOn: () => void, lost: () => void): Guard {
  let here = false
  let armed: ((taken: boolean) => void) | undefined
  const heard: Readonly<Record<string, () => void>> = {
    here: () => void (here = true),
    armed: () => armed?.(true),
    'went on': wentOn,
  }
  const program = startPiped(join(fromText(packageFolder()), 'dist/hooks/guard.js'), (line) => heard[line]?.(), lost)
  return {
    standsBy: () => here && program.alive(),
    gone: () => !program.alive(),
    arm: (order) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), patience)
        armed = (taken) => {
          clearTimeout(timer)
          resolve(taken && program.alive())
        }
        program.send(JSON.stringify(order))
      }),
    beat: () => program.send(''),
    disarm: () => program.send('{"processes":[]}'),
    end: () => program.end(),
  }
}
