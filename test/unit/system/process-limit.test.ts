import { expect } from 'chai'
import { run } from '../../../lib/system/process.js'

const shell = (script: string): ReturnType<typeof run> =>
  run({ file: '/bin/sh', args: ['-c', script], timeoutSeconds: 1, maxOutputBytes: 1024 * 1024 })

describe('the time limit of a program', () => {
  it('holds although what the program started lives on with its output', async () => {
    const [deaf, gone] = await Promise.all([
      shell("trap '' TERM; sleep 20 & wait; wait"),
      shell('sleep 20 & echo hello; exit 4'),
    ])
    expect(deaf).to.include({ timedOut: true, signal: 'SIGKILL', exitCode: undefined })
    expect(gone.exitCode).to.equal(4)
    expect(gone.stdout.toString()).to.equal('hello\n')
  })

  it('is not used up by a program that ends in time', async () => {
    const result = await shell('exit 3')
    expect(result).to.include({ exitCode: 3, timedOut: false })
  })
})
