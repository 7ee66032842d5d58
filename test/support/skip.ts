import type { Context } from 'mocha'

type Skipped = { skipReason?: string }

/**
 * Skips the running test, or in a `before` hook the tests of its suite, and prints why; with CI set, only reasons in
 * `allowed-skips.json` pass.
 */
export function skip(context: Context, reason: string): never {
  const runnable = context.runnable()
  process.stderr.write(`skipped: ${runnable.fullTitle()}: ${reason}\n`)
  if ((runnable as { type?: string }).type === 'hook') {
    runnable.parent?.eachTest((test) => ((test as Skipped).skipReason = reason))
  }
  ;(runnable as Skipped).skipReason = reason
  return context.skip()
}
