import type { CommandResult } from './process.js'
import { printable } from '../text/printable.js'
import { fromBytes } from '../text/raw-path.js'

/**
 * Given what came of a tool and the exit codes that count as an answer, return why there is no answer, as a sentence
 * with the cure; undefined where there is one.
 */
export function noAnswer(result: CommandResult, answers: readonly number[] = [0]): string | undefined {
  const { file, startError, exitCode } = result
  if (result.timedOut) return `${file} did not answer in time and was ended: run it by hand and see where it hangs`
  if (result.tooMuchOutput)
    return `${file} printed without end and was ended: run it by hand and look at what it prints`
  if (startError !== undefined) {
    return `${file} could not be started (${startError}): correct its path under \`tools\` in the configuration`
  }
  if (exitCode !== undefined && answers.includes(exitCode)) return undefined
  const how =
    exitCode === undefined ? `was ended by ${result.signal ?? 'a signal'}` : `failed with code ${String(exitCode)}`
  const words = printable(fromBytes(result.stderr.subarray(0, 200))).trim()
  return `${file} ${how}${words === '' ? '' : ` (${words})`}: run it by hand and look at what it prints`
}
