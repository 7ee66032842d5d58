import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { needHost } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { temporaryFolder } from '../support/temporary.js'

const project = fileURLToPath(new URL('../..', import.meta.url))
const demonstration = fileURLToPath(new URL('../../examples/demo.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

interface Ended {
  readonly exitCode: number | null
  readonly output: string
  /** What is left of its folder. */
  readonly left: readonly string[]
}

interface Options {
  readonly environment?: Readonly<Record<string, string>>
  readonly uid?: number
  /** Called with all that was printed so far. */
  readonly onOutput?: (output: string, child: ChildProcess) => void
}

function demonstrate({ environment = {}, uid, onOutput }: Options = {}): Promise<Ended> {
  const folder = temporaryFolder()
  if (uid !== undefined) {
    chmodSync(folder, 0o700)
    chownSync(folder, uid, uid)
  }
  const child = spawn(process.execPath, [`--import=${tsx}`, demonstration], {
    cwd: project,
    env: { PATH: process.env['PATH'], TMPDIR: folder, ...environment },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      onOutput?.(output, child)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => {
      const left = readdirSync(folder).filter((name) => name.startsWith('lbackup-filevault-demo-'))
      resolve({ exitCode, output, left })
    })
  })
}

function expectSuccess({ exitCode, output, left }: Ended): void {
  expect(output).to.include('Everything went as told')
  expect({ exitCode, left }).to.deep.equal({ exitCode: 0, left: [] })
  const longest = output.split('\n').reduce((most, line) => Math.max(most, line.length), 0)
  expect(longest).to.be.at.most(120)
}

describe('the demonstration', function () {
  this.timeout(180_000)

  it('goes as told, and leaves nothing behind', async function () {
    if (!existsSync('/usr/bin/rsync')) skip(this, 'there is no rsync')
    const ended = await demonstrate()
    expectSuccess(ended)
    expect(ended.output).to.not.include('There is no rsync here')
  })

  it('goes as told without rsync, and says so', async () => {
    const ended = await demonstrate({ environment: { DEMO_WITHOUT_RSYNC: '1' } })
    expectSuccess(ended)
    expect(ended.output).to.include('There is no rsync here')
  })

  it('goes as told for a user who is not root', async function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root may become another user')
    const ended = await demonstrate({ uid: 65_534 })
    expectSuccess(ended)
  })

  const abruptEnds: readonly (readonly [string, number, (child: ChildProcess) => void])[] = [
    ['Ctrl-C in the middle of a night', 130, (child) => void child.kill('SIGINT')],
    ['an end of whoever reads it', 1, (child) => child.stdout?.destroy()],
  ]
  for (const [what, exitCode, act] of abruptEnds) {
    it(`cleans up after ${what}`, async () => {
      let done = false
      const ended = await demonstrate({
        onOutput: (output, child) => {
          if (done || !output.includes('Night 1')) return
          done = true
          act(child)
        },
      })
      expect({ exitCode: ended.exitCode, left: ended.left }).to.deep.equal({ exitCode, left: [] })
    })
  }

  it('ends with 1 where something does not go as told', async function () {
    if (!existsSync('/usr/bin/rsync')) skip(this, 'there is no rsync')
    const ended = await demonstrate({ environment: { LBACKUP_SCRIPT: '/bin/true' } })
    expect({ exitCode: ended.exitCode, left: ended.left }).to.deep.equal({ exitCode: 1, left: [] })
  })

  it('goes as told with the real LBackup', async function () {
    needHost(this, 'real')
    const ended = await demonstrate({ environment: { LBACKUP_SCRIPT: process.env['LBACKUP_SCRIPT'] as string } })
    expectSuccess(ended)
    expect(ended.output).to.include('sleeps twice for 7 seconds')
  })
})
