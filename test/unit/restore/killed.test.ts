import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Container } from '../../../lib/image/image.js'
import { killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
import { runCli } from '../cli/run.js'
import { contents } from '../keep/lab.js'
import { restoreLab, type RestoreLab } from './lab.js'

const program = new URL('../../../lib/cli/bin.ts', import.meta.url).pathname

/** Owner, mode, time and names of all below a path, and of itself. */
const looks = (path: string): string[] =>
  ['', ...(lstatSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: 'utf8' }).sort() : [])].map(
    (name) => {
      const { uid, gid, mode, mtimeMs, nlink } = lstatSync(join(path, name))
      return [name, uid, gid, mode, Math.floor(mtimeMs), lstatSync(join(path, name)).isDirectory() ? '' : nlink].join()
    },
  )

function restoreUnder(lab: RestoreLab, lines: string): NodeJS.Signals | null {
  const args = ['--import=tsx', program, 'restore', 'bob', '--backup-dest', lab.destination, '--to', lab.to]
  const { signal, status } = spawnSync('sh', ['-c', `node='${process.execPath}'\n${lines}`, 'sh', ...args])
  return signal ?? (status === 137 ? 'SIGKILL' : null)
}

describe('a restoration killed with KILL', function () {
  this.timeout(240_000)

  for (const container of ['sparse-bundle', 'sparse-image'] as Container[]) {
    it(`goes on in the next call, and is then the whole image with owners, modes and times (${container})`, async function () {
      needStrace(this)
      const lab = await restoreLab({ container })
      const trace = join(lab.folder, 'trace')
      if (container === 'sparse-bundle') utimesSync(join(lab.image(0), 'bands'), 1_600_000_000, 1_600_000_000)
      restoreUnder(lab, recording(trace))
      const expected = looks(lab.image(0))
      expect(looks(lab.to)).to.deep.equal(expected)
      const all = stepsIn(trace, lab.folder).filter(({ path }) => /restoring|HELD/.test(path))
      expect(all.map(({ call }) => call)).to.include('rename')
      let killed = 0
      for (const [at, step] of sampled(all).entries()) {
        const to = `${lab.to}-${String(at)}`
        const signal = restoreUnder({ ...lab, to }, killing(trace, step))
        // Node writes to itself now and then, which shifts a count: then it was not killed, or elsewhere.
        if (signal === null) continue
        killed += 1
        expect(existsSync(to), `${step.call} ${step.path}`).to.equal(false)
        const { code, stdout } = await runCli('restore', 'bob', '--backup-dest', lab.destination, '--to', to)
        expect([code, stdout]).to.deep.equal([1, stdout])
        expect(looks(to), `${step.call} ${step.path}`).to.deep.equal(expected)
        if (container === 'sparse-bundle') expect(contents(to)).to.deep.equal(contents(lab.image(0)))
      }
      expect(killed).to.be.at.least(3)
    })
  }
})

/** One of each kind of call first, then every fourth. */
function sampled(steps: readonly Step[]): Step[] {
  const calls = new Set<string>()
  return steps.filter((step, at) => {
    if (step.call === 'rename' || at % 4 === 0) return true
    return !calls.has(step.call) && calls.add(step.call)
  })
}
