import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { historyLine, historyText } from '../../../lib/report/history-line.js'
import { appendRun, readRuns } from '../../../lib/run/run-history.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const line = (run: string) =>
  historyLine({
    run,
    phase: 'post',
    startedAt: '2026-01-01T03:00:00Z',
    finishedAt: '2026-01-01T04:00:00Z',
    images: [],
    pausedSeconds: 0,
  })

function place() {
  const folder = temporaryFolder()
  const file = join(folder, 'history.jsonl')
  return {
    folder,
    file,
    older: `${file}.1`,
    append: (run: string) => appendRun(fromText(folder), line(run)),
    runs: () => readRuns(fromText(folder)).map(({ run }) => run),
  }
}
const fourMebibytes = 4 * 1024 * 1024
/** What was there before, up to so many bytes: lines of nobody. */
const fill = (file: string, bytes: number): void => appendFileSync(file, `${'x'.repeat(bytes - 1)}\n`)

describe('history.jsonl', () => {
  it('grows by a line a run, for root alone, and is empty before the first one', () => {
    const { file, append, runs, folder } = place()
    expect(runs()).to.deep.equal([])
    expect(readRuns(fromText(join(folder, 'not there')))).to.deep.equal([])
    append('run-1')
    append('run-2')
    expect(runs()).to.deep.equal(['run-1', 'run-2'])
    expect(readFileSync(file, 'utf8')).to.equal(historyText(line('run-1')) + historyText(line('run-2')))
    expect(statSync(file).mode & 0o777).to.equal(0o600)
  })

  it('takes the place of the older one before it grows beyond 4 MiB; both are read', () => {
    const { file, older, append, runs } = place()
    append('run-1')
    const bytes = statSync(file).size
    fill(file, fourMebibytes - 2 * bytes)
    append('run-2')
    expect(statSync(file).size).to.equal(fourMebibytes)
    expect(existsSync(older)).to.be.false
    append('run-3')
    expect(readFileSync(file, 'utf8')).to.equal(historyText(line('run-3')))
    expect(statSync(older).size).to.equal(fourMebibytes)
    expect(runs()).to.deep.equal(['run-1', 'run-2', 'run-3'])
    fill(file, fourMebibytes - bytes)
    append('run-4')
    expect(runs()).to.deep.equal(['run-3', 'run-4'])
  })

  it('begins a new line after one that a crash cut off', () => {
    const { file, append, runs } = place()
    append('run-1')
    append('run-2')
    truncateSync(file, statSync(file).size - 7)
    append('run-3')
    expect(runs()).to.deep.equal(['run-1', 'run-3'])
  })

  it('of any length is read from its end only, and rotated away', () => {
    const { file, append, runs } = place()
    // Holes take no room: a terabyte that somebody made.
    writeFileSync(file, '')
    truncateSync(file, 2 ** 40)
    appendFileSync(file, `\n${historyText(line('run-1'))}`)
    expect(runs()).to.deep.equal(['run-1'])
    append('run-2')
    expect(runs()).to.deep.equal(['run-1', 'run-2'])
  })

  it('that is a link is neither written nor read through', () => {
    const { file, older, append, runs, folder } = place()
    const other = join(folder, 'other')
    writeFileSync(other, historyText(line('run-9')))
    symlinkSync(other, file)
    expect(() => append('run-1')).to.throw(/history\.jsonl is a symbolic link, which is never followed here/)
    expect(runs).to.throw(/symbolic link/)
    expect(readFileSync(other, 'utf8')).to.equal(historyText(line('run-9')))
    rmSync(file)
    symlinkSync(other, older)
    expect(runs).to.throw(/symbolic link/)
  })

  it('that is a folder is refused in plain words', () => {
    const { file, append, runs } = place()
    mkdirSync(file)
    expect(() => append('run-1')).to.throw(/history\.jsonl/)
    expect(runs).to.throw(/history\.jsonl is not a regular file/)
  })
})
