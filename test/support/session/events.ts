import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** Moments of a session at which a test may act while LBackup waits. */
export type SessionEvent = 'before-rsync' | 'after-rsync'
export type EventActions = Partial<Record<SessionEvent, () => void | Promise<void>>>

/** Two FIFOs over which a session announces its moments and waits for the answer. */
export interface EventChannel {
  readonly folder: string
  /** Rejects with the first error of an action. */
  close(): Promise<void>
}

/** Given a folder to make and what to do at which moment, listen. */
export function openEvents(folder: string, actions: EventActions): EventChannel {
  mkdirSync(folder)
  execFileSync('mkfifo', [join(folder, 'events'), join(folder, 'answers')])
  // Opened for both directions, so that neither the opening nor a session that was killed makes anybody wait.
  const events = new Socket({ fd: openSync(join(folder, 'events'), constants.O_RDWR | constants.O_NONBLOCK) })
  const answers = openSync(join(folder, 'answers'), constants.O_RDWR | constants.O_NONBLOCK)
  let failure: { error: unknown } | undefined
  let working = Promise.resolve()
  events.on('data', (data) => {
    for (const name of data
      .toString()
      .split('\n')
      .filter((line) => line !== '')) {
      working = working
        .then(() => actions[name as SessionEvent]?.())
        .catch((error: unknown) => void (failure ??= { error }))
        .then(() => void writeSync(answers, 'go on\n'))
    }
  })
  return {
    folder,
    async close() {
      await working
      const closed = new Promise((resolve) => events.once('close', resolve))
      events.destroy()
      await closed
      closeSync(answers)
      rmSync(folder, { recursive: true, force: true })
      if (failure !== undefined) throw failure.error
    },
  }
}
