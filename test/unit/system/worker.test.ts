import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import ts from 'typescript'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { inWorker } from '../../../lib/system/worker.js'
import { temporaryFolder } from '../../support/temporary.js'

const table = new URL('./worker-tasks.js', import.meta.url)
const patient = { timeoutSeconds: 60 }

/** What the promise is rejected with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; cure?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('was not rejected')
}

describe('a task in a worker', () => {
  it('takes data and gives data, also later', async () => {
    expect(await inWorker(table, 'double', { value: 21 }, patient)).to.deep.equal({ value: 42 })
    expect(await inWorker(table, 'later', 'now', patient)).to.equal('now later')
  })

  it('hands on an operational error with code, message and cure', async () => {
    const error = await rejection(inWorker(table, 'refuse', null, patient))
    expect(error).to.be.instanceOf(OperationalError)
    expect([error.code, error.message, error.cure]).to.deep.equal(['disk-error', 'The disk is broken.', 'Buy another.'])
  })

  it('hands on a bug as one, with the stack of its origin', async () => {
    const error = await rejection(inWorker(table, 'fail', null, patient))
    expect(error).not.to.be.instanceOf(OperationalError)
    expect(error.message).to.equal('a bug')
    expect(error.stack).to.contain('worker-tasks')
  })

  it('fails for a task or module there is not, a result that cannot be posted, and an early end', async () => {
    expect((await rejection(inWorker(table, 'toString', null, patient))).message).to.contain('has no task toString')
    const nowhere = new URL('./nowhere.js', import.meta.url)
    expect((await rejection(inWorker(nowhere, 'x', null, patient))).message).to.contain('nowhere')
    expect((await rejection(inWorker(table, 'unpostable', null, patient))).message).to.contain('could not be cloned')
    expect((await rejection(inWorker(table, 'leave', null, patient))).message).to.contain('without an answer (code 3)')
  })

  it('is ended when its time is over', async () => {
    const error = await rejection(inWorker(table, 'spin', null, { timeoutSeconds: 0.2, what: 'the search for images' }))
    expect(error).to.be.instanceOf(OperationalError)
    expect(error.code).to.equal('worker-timeout')
    expect(error.message).to.match(/^The search for images took longer than 0\.2 seconds/)
  })

  it('is ended by a signal, before or while it runs', async () => {
    const reason = new Error('the run was called off')
    expect(await rejection(inWorker(table, 'spin', null, { ...patient, signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    )
    const control = new AbortController()
    const running = rejection(inWorker(table, 'spin', null, { ...patient, signal: control.signal }))
    control.abort(reason)
    expect(await running).to.equal(reason)
  })

  it('is ended when it takes too much memory, and only it', async () => {
    const error = await rejection(inWorker(table, 'fill', null, { ...patient, memoryMebibytes: 32 }))
    expect(error.code).to.equal('worker-memory')
    expect(error).to.be.instanceOf(OperationalError)
  })

  it('works from compiled JavaScript, where no tsx is', () => {
    const project = fileURLToPath(new URL('../../../', import.meta.url))
    const built = temporaryFolder()
    writeFileSync(join(built, 'package.json'), '{"type":"module"}')
    for (const folder of ['lib/system', 'lib/finding', 'lib/text', 'test/unit/system']) {
      for (const name of readdirSync(join(project, folder)).filter((each) => each.endsWith('.ts'))) {
        const compilerOptions = {
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
        }
        const { outputText } = ts.transpileModule(readFileSync(join(project, folder, name), 'utf8'), {
          compilerOptions,
        })
        const target = join(built, folder, name.replace(/\.ts$/, '.js'))
        mkdirSync(dirname(target), { recursive: true })
        writeFileSync(target, outputText)
      }
    }
    const url = (path: string): string => JSON.stringify(pathToFileURL(join(built, path)).href)
    const script = `
      const { inWorker } = await import(${url('lib/system/worker.js')})
      const table = new URL(${url('test/unit/system/worker-tasks.js')})
      const answer = await inWorker(table, 'double', { value: 4 }, { timeoutSeconds: 60 })
      const refused = await inWorker(table, 'refuse', null, { timeoutSeconds: 60 }).catch((error) => error.cure)
      console.log(JSON.stringify([answer, refused]))`
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: {} })
    expect(JSON.parse(output)).to.deep.equal([{ value: 8 }, 'Buy another.'])
  })
})
