import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { lockHolder, releaseLock, takeLock, type LockHolder } from '../../../lib/lbackup/lock.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const holder = (runId: string, more: Partial<LockHolder> = {}): LockHolder => ({
  ...{ pid: 10, startTime: '1', bootId: 'boot', host: 'server', since: '2026-11-22T21:00:00Z' },
  runId,
  ...more,
})
const alive = (): Promise<boolean> => Promise.resolve(true)
const dead = (): Promise<boolean> => Promise.resolve(false)
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('our own lock', () => {
  it('is taken, held and released by its run only', async () => {
    const folder = fromText(temporaryFolder())
    expect(lockHolder(folder)).to.equal(undefined)
    expect(releaseLock(folder, 'one')).to.equal(false)
    expect(await takeLock(folder, holder('one'), alive)).to.deep.equal({ unreadable: false })
    expect(lockHolder(folder)).to.deep.equal(holder('one'))
    expect(releaseLock(folder, 'two')).to.equal(false)
    expect(releaseLock(folder, 'one')).to.equal(true)
    expect(lockHolder(folder)).to.equal(undefined)
    expect(await takeLock(folder, holder('two'), alive)).to.deep.equal({ unreadable: false })
  })
  it('is refused while its holder lives, saying who and since when', async () => {
    const folder = fromText(temporaryFolder())
    await takeLock(folder, holder('one'), alive)
    const error = await failure(takeLock(folder, holder('two', { pid: 11 }), alive))
    expect(error).to.include({ code: 'run-in-progress' })
    expect((error as Error).message)
      .to.contain('process 10 on server')
      .and.to.contain('2026-11-22T21:00:00Z')
    expect(lockHolder(folder)?.runId).to.equal('one')
  })
  it('tells a hook that stands twice in the folder from another run', async () => {
    const folder = fromText(temporaryFolder())
    await takeLock(folder, holder('one'), alive)
    expect(await failure(takeLock(folder, holder('two'), alive))).to.include({ code: 'hook-ran-twice' })
  })
  it('of a dead run is taken over, and that is told', async () => {
    const folder = fromText(temporaryFolder())
    await takeLock(folder, holder('one'), alive)
    const taken = await takeLock(folder, holder('two', { pid: 11 }), dead)
    expect(taken).to.deep.equal({ unreadable: false, stale: holder('one') })
    expect(releaseLock(folder, 'one')).to.equal(false)
    expect(readdirSync(`${folder}/lock`)).to.deep.equal(['2'])
  })
  it('that may be of another machine says which folder to remove', async () => {
    const folder = fromText(temporaryFolder())
    await takeLock(folder, holder('one'), alive)
    const elsewhere = holder('two', { host: 'other', bootId: 'other' })
    const error = await failure(takeLock(folder, elsewhere, alive))
    expect(error).to.include({ code: 'run-in-progress' })
    expect(error).to.have.property('cure').that.contains(`no longer runs on server, remove the folder ${folder}/lock.`)
  })
  it('that cannot be read is taken over, and that is told', async () => {
    const folder = fromText(temporaryFolder())
    mkdirSync(`${folder}/lock`)
    for (const [number, text] of ['', '{', '[]', '{"pid":"1"}', 'null'].entries()) {
      writeFileSync(`${folder}/lock/${String(2 * number + 1)}`, text)
      expect(await takeLock(folder, holder(text), dead), text).to.deep.equal({ unreadable: true })
    }
  })

  describe('between real processes', function () {
    const contender = fileURLToPath(new URL('./lock-contender.ts', import.meta.url))
    const many = 5
    let tell: (line: string) => Promise<string[]>
    let stop: () => Promise<void>

    before(async () => {
      const children = Array.from({ length: many }, () => {
        const child = spawn(process.execPath, ['--import=tsx', contender], { stdio: ['pipe', 'pipe', 'inherit'] })
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
        const next = async (): Promise<string> => String((await lines.next()).value)
        return { child, next }
      })
      tell = async (line) => {
        for (const { child } of children) child.stdin.write(`${line}\n`)
        return await Promise.all(children.map(({ next }) => next()))
      }
      stop = async () => {
        await Promise.all(
          children.map(({ child }) => new Promise((resolve) => child.once('exit', resolve) && child.stdin.end())),
        )
      }
      await Promise.all(children.map(({ next }) => next()))
    })
    after(() => stop())

    it('of those who start at the same moment exactly one wins', async () => {
      const folder = temporaryFolder()
      for (let round = 0; round < 20; round += 1) {
        const state = join(folder, String(round))
        mkdirSync(state)
        const answers = (await tell(`once ${state}`)).sort()
        expect(answers).to.deep.equal([...Array.from({ length: many - 1 }, () => 'run-in-progress'), 'taken'])
      }
    })
    it('of those who find a dead run’s lock at the same moment exactly one wins', async () => {
      const folder = temporaryFolder()
      for (let round = 0; round < 20; round += 1) {
        const state = join(folder, String(round))
        mkdirSync(state)
        await takeLock(fromText(state), holder('dead', { host: 'here' }), dead)
        const answers = (await tell(`once ${state}`)).sort()
        expect(answers).to.deep.equal([...Array.from({ length: many - 1 }, () => 'run-in-progress'), 'taken-stale'])
      }
    })
    it('nobody is ever in there beside another, however often it is taken and released', async () => {
      const answers = await tell(`often ${temporaryFolder()}`)
      for (const answer of answers) expect(answer).to.match(/^[0-9]+$/)
      expect(answers.reduce((sum, answer) => sum + Number(answer), 0)).to.be.greaterThan(many)
    })
  })
})
