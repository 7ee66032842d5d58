// Mocha's own spec output, then one plain line of counts, which is also left in a file where MOCHA_SUMMARY names one.
// With CI set, a skipped test is a failure unless its reason is listed in allowed-skips.json.
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { reporters, Runner } = require('mocha')

const allowed = JSON.parse(readFileSync(join(__dirname, 'allowed-skips.json'), 'utf8')).map(({ reason }) => reason)

module.exports = class Counting extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const refused = []
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      if (!allowed.includes(test.skipReason))
        refused.push(`${test.fullTitle()}: ${test.skipReason ?? 'no reason given'}`)
    })
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats
      const strict = process.env.CI === 'true' ? refused.length : 0
      for (const line of refused) console.log(`skipped for a reason that is not on the list: ${line}`)
      const line = `${passes} passed, ${failures + strict} failed, ${pending - strict} skipped`
      console.log(line)
      if (process.env.MOCHA_SUMMARY) writeFileSync(process.env.MOCHA_SUMMARY, `${line}\n`)
      if (strict > 0) process.on('exit', () => (process.exitCode = 1))
    })
  }
}
