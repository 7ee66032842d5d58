import { fillIn } from '../config/placeholders.js'
import type { Config } from '../generated/config.js'
import { run } from '../system/process.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/** Whom the backup of which image waits for, and until when at most. */
export interface UserNotice {
  readonly user: string
  readonly image: RawPath
  readonly until: Date
}

/**
 * Given `tellUser` of the configuration and a notice, run the command that tells the user; returns what went wrong, if
 * anything. What it prints goes nowhere, and it ends when its time is over.
 */
export async function tellUser(
  { command, commandSeconds }: Config['tellUser'],
  notice: UserNotice,
): Promise<string | undefined> {
  const [file, ...templates] = command
  if (file === undefined) return undefined
  const values = { user: notice.user, image: printable(notice.image), until: clockTime(notice.until) }
  const failure = (why: string): string =>
    `${values.user} could not be told that ${values.image} waits to be backed up: ${why}.`
  const args = templates.map((template) => fillIn(template, values))
  // A name that begins like this is no accident.
  const option = args.findIndex((arg, at) => arg.startsWith('-') && templates[at]?.startsWith('-') === false)
  if (option >= 0) return failure(`${file} would take ${args[option] as string} for an option`)
  const result = await run({ file, args, timeoutSeconds: commandSeconds, maxOutputBytes: 1024 * 1024 })
  if (result.exitCode === 0) return undefined
  if (result.timedOut) return failure(`${file} took longer than ${String(commandSeconds)} s`)
  return failure(`${file} ${result.startError ?? `ended with ${String(result.exitCode ?? result.signal)}`}`)
}

/** As people here read it off a clock: `02:30`. */
const clockTime = (moment: Date): string =>
  [moment.getHours(), moment.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':')
