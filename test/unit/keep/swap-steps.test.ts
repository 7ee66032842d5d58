import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { recoverWork } from '../../../lib/keep/recover.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { failing, killedAt, killing, needStrace, recording, stepsIn, type Step } from '../../support/fault/steps.js'
import { temporaryFolder } from '../../support/temporary.js'
import { contents, lab, type Lab } from './lab.js'

const program = fileURLToPath(new URL('swapping.ts', import.meta.url))

interface Swapped {
  readonly signal: NodeJS.Signals | null
  /** The code of its OperationalError; empty: none. */
  readonly code: string
  readonly errors: string
}

/** Puts the older copy at its place in another process, as strace is told. */
function swapping({ destination, older }: Lab, strace: string): Swapped {
  const { signal, stdout, stderr } = spawnSync(
    'sh',
    ['-c', `node='${process.execPath}'; ${strace}`, 'sh', '--import', 'tsx', program, destination, older],
    { encoding: 'utf8' },
  )
  return { signal, code: stdout, errors: stderr }
}

const recover = ({ destination }: Lab): string[] =>
  recoverWork(fromText(destination), readSections(fromText(destination))).map(({ done }) => done)

describe('an image is swapped', function () {
  this.timeout(300_000)

  let folder: string
  let trace: string
  before(function () {
    needStrace(this)
  })
  beforeEach(() => {
    folder = temporaryFolder()
    trace = join(folder, 'trace')
  })

  /** All that changes the backup disk; `write` and `openat` apart from these leave what a step before them left. */
  function steps(): Step[] {
    const place = join(folder, 'recorded')
    mkdirSync(place)
    const { code, errors } = swapping(lab(place), recording(trace))
    expect([code, errors]).to.deep.equal(['', ''])
    const all = stepsIn(trace, place).filter(
      ({ call, path }) => call !== 'write' && /^\/(HELD|destination)(\/|$)/.test(path),
    )
    expect(all.map(({ call }) => call)).to.include.members(['link', 'mkdir', 'rename', 'fsync', 'unlink', 'rmdir'])
    return all
  }

  it('whole or not at all, at whatever step it is killed', () => {
    const seen = new Set<string>()
    for (const step of steps()) {
      const place = join(folder, 'killed')
      mkdirSync(place)
      const disk = lab(place)
      const [old, older] = [contents(disk.image), contents(disk.older)]
      const { errors } = swapping(disk, killing(trace, step))
      expect(killedAt(trace, place)?.call, `${step.call} ${step.path} ${errors}`).to.equal(step.call)
      const done = recover(disk)
      done.forEach((one) => seen.add(one))
      const now = contents(disk.image)
      const what = `after a kill at ${step.call} ${step.path}`
      expect(
        [old, older].some((one) => JSON.stringify(one) === JSON.stringify(now)),
        what,
      ).to.be.true
      expect(contents(disk.older), what).to.deep.equal(older)
      expect(Object.keys(contents(join(disk.destination, '.lbackup-filevault'))), what).not.to.include('work/run-1')
      expect(recover(disk)).to.deep.equal([])
      rmSync(place, { recursive: true })
    }
    expect([...seen]).to.deep.equal(['finished'])
  })

  it('whole or not at all, at whatever step the disk is full', () => {
    for (const step of steps()) {
      if (!['link', 'mkdir', 'rename', 'fsync'].includes(step.call)) continue
      const place = join(folder, 'full')
      mkdirSync(place)
      const disk = lab(place)
      const [old, older] = [contents(disk.image), contents(disk.older)]
      const { code, errors } = swapping(disk, failing(trace, step, 'ENOSPC'))
      const what = `where there is no room for ${step.call} ${step.path}: ${errors}`
      expect(code, what).to.equal('disk-full')
      expect([old, older], what).to.deep.include(contents(disk.image))
      expect(contents(disk.older), what).to.deep.equal(older)
      expect(recover(disk), what).to.deep.equal([])
      rmSync(place, { recursive: true })
    }
  })

  const taken = (when: string): string =>
    `exec strace -qq -o '${trace}' -e trace=rename -e inject=rename:error=ENOTEMPTY:when=${when} "$node" "$@"`

  it('back, where somebody fills its place again and again', () => {
    const disk = lab(folder)
    const old = contents(disk.image)
    // Eight times the new image finds its place taken; in between, what is in the way is moved.
    expect(swapping(disk, taken('2..16+2')).code).not.to.equal('')
    expect(contents(disk.image)).to.deep.equal(old)
    expect(existsSync(disk.kept)).to.be.false
  })

  it('into the store, where even the old one finds its place taken', () => {
    const disk = lab(folder)
    const old = contents(disk.image)
    expect(swapping(disk, taken('2..5')).code).to.equal('place-taken')
    expect(contents(join(disk.kept, 'recovered-run-1/bob.sparsebundle'))).to.deep.equal(old)
    expect(recover(disk)).to.deep.equal([])
  })
})
