import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Waits until a condition holds that no event tells of; half a minute at most. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`)
    await setTimeout(10)
  }
}

/** Waits until a process is gone. */
export const untilGone = (pid: number): Promise<void> =>
  until(`the end of process ${String(pid)}`, () => !existsSync(`/proc/${String(pid)}`))
