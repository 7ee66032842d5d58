import { ChildProcess, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { run, type Command, type CommandResult } from '../../../lib/system/process.js'
import { temporaryFolder } from '../../support/temporary.js'

const mebibyte = 1024 * 1024
const shell = (script: string, settings: Partial<Command> = {}): Promise<CommandResult> =>
  run({ file: '/bin/sh', args: ['-c', script], timeoutSeconds: 20, maxOutputBytes: mebibyte, ...settings })

/** Ends the process whose number the first line holds; tells whether it was still running. */
function end({ stdout }: Pick<CommandResult, 'stdout'>): boolean {
  const pid = Number(/^\d+/.exec(stdout.toString('latin1'))?.[0])
  expect(pid).to.be.greaterThan(1)
  // Where nobody fetches orphans, one that has ended still has its number.
  const { stdout: state } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  if (!/^[^Z]/.test(state.trim())) return false
  return process.kill(pid, 'SIGKILL')
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}

function keepBusy(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

describe('a program that ended', () => {
  it('is not waited for on account of what it started and what holds its output', async () => {
    const results = await Promise.all(
      ['exit 0', 'exit 4', 'kill -9 $$'].map((last) => shell(`sleep 30 & echo $!; echo words >&2; ${last}`)),
    )
    // Each sleep outlives the answer, so it was not waited for.
    expect(results.map(end)).to.deep.equal([true, true, true])
    expect(results.map(({ exitCode, signal }) => exitCode ?? signal)).to.deep.equal([0, 4, 'SIGKILL'])
    for (const result of results) {
      expect(result).to.include({ timedOut: false, tooMuchOutput: false, startError: undefined })
      expect(result.stderr.toString()).to.equal('words\n')
    }
  })

  it('is heard to its last byte, although this process is busy when it ends', async () => {
    const folder = temporaryFolder()
    const script = 'sleep 30 & echo $!; touch started; sleep 0.2; head -c 60000 /dev/zero; touch ended; exit 0'
    const answer = shell(script, { timeoutSeconds: 1, cwd: folder })
    while (!existsSync(join(folder, 'started'))) await nextTurn()
    keepBusy(2000)
    expect(existsSync(join(folder, 'ended'))).to.equal(true)
    const result = await answer
    expect(end(result)).to.equal(true)
    expect(result).to.include({ exitCode: 0, timedOut: false })
    expect(result.stdout.filter((byte) => byte === 0)).to.have.lengthOf(60_000)
  })

  it('has the output of what it started heard, although this process is busy while its time runs out', async () => {
    const folder = temporaryFolder()
    const holder = 'while [ ! -e go ]; do :; done; head -c 60000 /dev/zero; touch printed; exec sleep 30'
    const answer = shell(`sh -c '${holder}' & echo $!; echo $$ >number; mv number pid`, { cwd: folder })
    const ready = join(folder, 'pid')
    while (!existsSync(ready)) await nextTurn()
    const pid = Number(readFileSync(ready, 'utf8'))
    while (!isGone(pid)) await nextTurn()
    writeFileSync(join(folder, 'go'), '')
    while (!existsSync(join(folder, 'printed'))) keepBusy(10)
    keepBusy(500)
    const result = await answer
    expect(end(result)).to.equal(true)
    expect(result.stdout.filter((byte) => byte === 0)).to.have.lengthOf(60_000)
  })

  it('is given its input and keeps its exit code', async () => {
    const input = Buffer.alloc(300_000, 'x')
    const counted = await shell('wc -c; exit 3', { input })
    expect(counted).to.include({ exitCode: 3, signal: undefined, timedOut: false, startError: undefined })
    expect(counted.stdout.toString().trim()).to.equal('300000')
    expect(await shell('exit 5', { input })).to.include({ exitCode: 5, startError: undefined })
  })

  it('that could not be started says why', async () => {
    const result = await run({ file: '/no/such/program', args: [], timeoutSeconds: 20 })
    expect(result).to.include({ exitCode: undefined, signal: undefined, timedOut: false, startError: 'ENOENT' })
  })
})

describe('the time limit of a program', () => {
  it('ends one that hangs, and keeps what it printed', async () => {
    const result = await shell('echo $$; exec sleep 30', { timeoutSeconds: 0.5 })
    expect(end(result)).to.equal(false)
    expect(result).to.include({ exitCode: undefined, signal: 'SIGTERM', timedOut: true, startError: undefined })
  })

  it('ends one that ignores the first signal, whatever holds its output', async () => {
    const result = await shell("trap '' TERM; sleep 30 & echo $!; wait; wait", { timeoutSeconds: 0.5 })
    expect(end(result)).to.equal(true)
    expect(result).to.include({ exitCode: undefined, signal: 'SIGKILL', timedOut: true, tooMuchOutput: false })
  })

  it('leaves the exit code of one that tidies up when told to end', async () => {
    const result = await shell("trap 'kill $!; exit 7' TERM; sleep 30 & echo $!; wait", { timeoutSeconds: 0.5 })
    expect(result).to.include({ exitCode: 7, signal: undefined, timedOut: true })
  })
})

describe('a program that outlives even KILL', () => {
  // As one does that waits for a dead disk; no test can make such a one, so the signals are kept from it.
  const kill = Object.getOwnPropertyDescriptor(ChildProcess.prototype, 'kill') as PropertyDescriptor
  afterEach(() => {
    Object.defineProperty(ChildProcess.prototype, 'kill', kill)
  })

  it('is given up, and keeps nothing waiting', async () => {
    ChildProcess.prototype.kill = () => true
    const result = await shell('echo $$; exec sleep 30', { timeoutSeconds: 0.2 })
    expect(end(result)).to.equal(true)
    expect(result).to.include({ exitCode: undefined, signal: undefined, timedOut: true, startError: undefined })
  })
})

describe('a program that prints too much', () => {
  it('is ended, and what was allowed is kept', async () => {
    const endless = await run({ file: '/usr/bin/yes', args: [], timeoutSeconds: 20, maxOutputBytes: mebibyte })
    expect(endless).to.include({ tooMuchOutput: true, timedOut: false })
    expect(endless.stdout).to.have.lengthOf(mebibyte)
  })

  it('is ended although it prints no more afterwards', async () => {
    const noisy = `sleep 30 & echo $!; head -c ${String(2 * mebibyte)} /dev/zero >&2; wait`
    const result = await shell(noisy)
    expect(end(result)).to.equal(true)
    expect(result).to.include({ tooMuchOutput: true, timedOut: false, signal: 'SIGTERM' })
    expect(result.stderr).to.have.lengthOf(mebibyte)
  })

  it('may print as much as is allowed', async () => {
    const result = await shell(`head -c ${String(mebibyte)} /dev/zero`)
    expect(result).to.include({ tooMuchOutput: false, exitCode: 0 })
    expect(result.stdout).to.have.lengthOf(mebibyte)
  })
})
