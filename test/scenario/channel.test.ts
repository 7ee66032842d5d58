import { existsSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Report } from '../../lib/generated/report.js'
import { validateReport } from '../../lib/generated/validators.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { protect } from '../support/protect.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'

/** A lab with one image at rest and a program that is handed the report. */
function lab(program: string): { made: Lab; command: string[]; calls: () => { args: string; report: Report }[] } {
  const made = makeLab()
  writeSparseBundle(join(made.source, 'alice/Work.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
  const file = join(made.folder, 'channel')
  mkdirSync(join(made.folder, 'calls'))
  writeFileSync(file, `#!/bin/sh\n${program}\n`, { mode: 0o755 })
  return {
    made,
    command: [file, 'to whom', '$(touch injected)'],
    calls: () => {
      const log = join(made.folder, 'calls/all')
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
      return lines.map((line) => {
        const at = line.indexOf('{')
        return { args: line.slice(0, at), report: JSON.parse(line.slice(at)) as Report }
      })
    },
  }
}

// The JSON is one line.
const record = 'printf "%s|" "$@" >>"$(dirname "$0")/calls/all"; cat >>"$(dirname "$0")/calls/all"'

describe('the program that is handed the report', function () {
  this.timeout(60_000)

  it('gets it as JSON after each hook, where it is always called', async () => {
    const { made, command, calls } = lab(record)
    const { report } = await night('ours', made, protect(made, { report: { command, on: 'always' } }))
    expect(calls().map(({ report: { phase } }) => phase)).to.deep.equal(['pre', 'post'])
    for (const call of calls()) {
      expect(call.args).to.equal('to whom|$(touch injected)|')
      expect(validateReport(call.report), JSON.stringify(validateReport.errors)).to.be.true
    }
    expect(calls()[1]?.report).to.deep.equal(report)
  })

  it('is left alone in a night without a problem, and called after one: a halted night as well', async () => {
    const { made, command, calls } = lab(record)
    const stateFolder = protect(made, { report: { command } })
    await night('ours', made, stateFolder)
    expect(calls()).to.deep.equal([])
    writeFileSync(made.excludesFile, '!\n')
    const halted = await night('ours', made, stateFolder)
    expect(halted.exitCode).to.equal(129)
    const [call, ...more] = calls()
    expect(more).to.deep.equal([])
    expect(call?.report).to.deep.include({ phase: 'pre', severity: 'error', exitCode: 129, images: [] })
    expect(call?.report.summary).to.equal('The backup is halted; nothing is copied and no section is touched.')
    expect(call?.report.cures).to.have.length(1)
    expect(halted.status.lastRun).to.deep.include({ severity: 'error', post: false })
  })

  for (const [what, program, said] of [
    [
      'fails',
      'exit 3',
      /WARNING! The report could not be handed on: .*channel ended with 3\. Correct report\.command\./,
    ],
    ['hangs', "trap '' TERM; sleep 20 & wait; wait", /WARNING! .*channel took longer than 1 s/],
    ['reads nothing', 'exec <&-; exit 0', undefined],
    ['prints without end', 'exec yes', /WARNING! .*channel /],
  ] as const) {
    it(`that ${what} changes nothing of the night`, async () => {
      const { made, command } = lab(program)
      const result = await night('ours', made, protect(made, { report: { command, on: 'always', commandSeconds: 1 } }))
      expect(result.exitCode).to.equal(0)
      expect(result.report).to.include({ exitCode: 0, severity: 'fine' })
      expect(result.output).not.to.contain('exit value')
      const warned = result.said.filter((line) => line.startsWith('WARNING! '))
      expect(warned).to.have.length(said === undefined ? 0 : 2)
      for (const line of warned) expect(line).to.match(said as RegExp)
    })
  }
})
