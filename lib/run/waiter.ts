import type { ReportedFinding } from '../generated/report.js'
import { processIdentity } from '../lbackup/process-chain.js'
import { pause } from '../system/clock.js'
import { printable } from '../text/printable.js'
import { glanceAt } from '../watch/glance.js'
import { awaitRelease } from '../watch/release.js'
import { tellUser } from '../watch/tell-user.js'
import { usesOf } from '../watch/uses.js'
import type { RunContext } from './context.js'
import type { SourceMachine } from './source-machine.js'
import { waitForRelease, waitingLines, type Awaited, type Waiting } from './wait.js'
import { removeWaiting, writeWaiting } from './waiting-record.js'

/** Waits for images, and lets everybody know whom for. */
export interface Waiter {
  /** Returns once the wait is over; the seconds waited. Throws OperationalError where the state folder cannot be written. */
  waitFor(wait: Waiting): Promise<number>
  /** What is to be said of the waits so far, once every user was told or could not be. */
  findings(): Promise<readonly ReportedFinding[]>
}

/** Given the run and the machine whose images it backs up, return who waits for them. */
export function waiterOf(context: RunContext, machine: SourceMachine): Waiter {
  const { config, runId, stateFolder, system } = context
  const begun = new Map<string, Date>()
  const told: Promise<string | undefined>[] = []
  /** When the run began to wait for that image, whose user is told then. */
  const beginOf = ({ image, user, until }: Awaited, since: Date): Date => {
    const before = begun.get(image.slot)
    if (before !== undefined) return before
    begun.set(image.slot, since)
    told.push(tellUser(config.tellUser, { user, image: image.path, until }))
    return since
  }
  return {
    async waitFor(wait) {
      context.say(...waitingLines(wait))
      const images = wait.images.map((awaited) => ({
        slot: awaited.image.slot,
        path: printable(awaited.image.path),
        user: awaited.user,
        usedBy: awaited.usage.usedBy,
        since: beginOf(awaited, wait.since).toISOString(),
        until: awaited.until.toISOString(),
      }))
      const process = await processIdentity(system)
      if (process !== undefined) writeWaiting(stateFolder, { schema: 'waiting/1', run: runId, process, images })
      try {
        return machine.here
          ? await releaseHere(context, wait)
          : await waitForRelease(system, machine, wait, config.limits.quietSeconds)
      } finally {
        removeWaiting(stateFolder)
      }
    },
    async findings() {
      const failures = (await Promise.all(told)).filter((failure) => failure !== undefined)
      return failures.map((message) => ({
        code: 'user-not-told',
        severity: 'warning',
        message,
        cure: 'Correct tellUser in filevault.json; the wait itself went on.',
      }))
    },
  }
}

function releaseHere({ config, lbackup, system }: RunContext, { images, since, until }: Waiting): Promise<number> {
  const watched = images.map(({ image: { slot, container, path, device, inode }, usage: { state }, user }) => {
    return { slot, user, container, places: [path], device, inode, state }
  })
  return awaitRelease(
    { images: watched, interval: config.watch.interval, since: since.getTime(), until: until.getTime() },
    {
      now: () => system.now().getTime(),
      wait: (milliseconds) => pause(milliseconds / 1000),
      glance: glanceAt,
      uses: (them) => usesOf(system, them, [process.pid, lbackup.pid]),
    },
  )
}
