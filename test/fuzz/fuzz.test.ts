import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function fuzz(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import=tsx', main, '--minutes', '0.001', ...args],
    {
      encoding: 'utf8',
    },
  )
  return { code: status, output: stdout + stderr }
}

describe('fuzzing', function () {
  this.timeout(120_000)

  it('passes a sound parser, with at least 10,000 executions', () => {
    const { code, output } = fuzz('--minutes', '0.05', '--seed', '7', '--target', 'encryption-v1')
    expect(code, output).to.equal(0)
    expect(Number(/encryption-v1: (\d+) executions/.exec(output)?.[1])).to.be.at.least(10_000)
  })

  it('finds what is no OperationalError, and gives the input again by its number', () => {
    const { code, output } = fuzz('--seed', '7', '--target', 'broken-error')
    expect(code).to.equal(1)
    expect(output).to.match(/FAILED at input \d+: TypeError: a bug/)
    const again = /again: npm run fuzz -- (.*)/.exec(output)?.[1]?.split(' ') ?? []
    const repeated = fuzz(...again)
    expect(repeated.code).to.equal(1)
    expect(/ {2}input: .*/.exec(repeated.output)?.[0]).to.equal(/ {2}input: .*/.exec(output)?.[0])
  })

  it('ends a parser that never ends, and one that takes too much memory', () => {
    expect(fuzz('--seed', '7', '--target', 'broken-loop').output).to.match(
      /FAILED at input \d+: one input took more than/,
    )
    expect(fuzz('--seed', '7', '--target', 'broken-memory').output).to.match(/FAILED at input \d+: more than 256 MiB/)
  })

  it('fails where too few inputs were parsed, or nothing could be', () => {
    const slow = fuzz('--target', 'broken-slow')
    expect(slow.code).to.equal(1)
    expect(slow.output).to.contain('fewer than 10000')
    const missing = fuzz('--target', 'broken-seeds')
    expect(missing.code).to.equal(1)
    expect(missing.output).to.contain('not fuzzed: the program is not there')
    expect(fuzz('--target', 'nobody').code).to.equal(1)
  })
})
