import type { Config } from '../generated/config.js'
import type { Report } from '../generated/report.js'
import { run } from '../system/process.js'

/** Given `report` of the configuration and a report, give it to the command as JSON; returns what went wrong, if anything. */
export async function handOn(channel: Config['report'], report: Report): Promise<string | undefined> {
  const [file, ...args] = channel.command
  if (file === undefined || (channel.on === 'problem' && report.severity === 'fine')) return undefined
  const result = await run({
    file,
    args,
    input: `${JSON.stringify(report)}\n`,
    timeoutSeconds: channel.commandSeconds,
    maxOutputBytes: 1024 * 1024,
  })
  if (result.exitCode === 0) return undefined
  const why = result.timedOut
    ? `took longer than ${String(channel.commandSeconds)} s`
    : (result.startError ?? `ended with ${String(result.exitCode ?? result.signal)}`)
  return `The report could not be handed on: ${file} ${why}. Correct report.command.`
}
