import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { hookExitCode } from '../../../lib/lbackup/exit-codes.js'
import { logLine, writeLog } from '../../../lib/lbackup/log.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('exit codes', () => {
  it('only a pre hook halts', () => {
    const codes = (['fine', 'warning', 'error', 'halt'] as const).map((ending) => [
      hookExitCode('pre', ending),
      hookExitCode('post', ending),
    ])
    expect(codes).to.deep.equal([
      [0, 0],
      [1, 1],
      [1, 1],
      [129, 1],
    ])
  })
})

describe('lines in LBackup’s log', () => {
  const at = (folder: string) => ({ phase: 'post', logFile: fromText(join(folder, 'backup.log')) }) as const

  it('carry the alarm words exactly where the severity asks for them', () => {
    expect(logLine({ severity: 'fine', text: 'ok' })).to.equal('lbackup-filevault: ok\n')
    expect(logLine({ severity: 'warning', text: 'x' })).to.equal('lbackup-filevault: WARNING! x\n')
    expect(logLine({ severity: 'error', text: 'x' })).to.equal('lbackup-filevault: ERROR! x\n')
    expect(logLine({ severity: 'halt', text: 'x' })).to.equal('lbackup-filevault: ERROR! x\n')
    expect(logLine({ severity: 'fine', text: 'image ERROR! and WARNING!' })).not.to.match(/ERROR!|WARNING!/)
  })
  it('are one line each without control characters, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const line = logLine({ severity: 'fine', text })
        // eslint-disable-next-line no-control-regex
        expect(line).to.match(/^lbackup-filevault: [^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]*\n$/u)
      }),
    )
    expect(logLine({ severity: 'fine', text: 'a\nb\u001b[31m' })).to.equal('lbackup-filevault: a\\x0ab\\x1b[31m\n')
    expect(logLine({ severity: 'fine', text: 'x'.repeat(100_000) }).length).to.be.lessThan(2100)
  })
  it('are appended, also through an administrator’s link', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'real.log'), 'before\n')
    symlinkSync('real.log', join(folder, 'backup.log'))
    writeLog(at(folder), [
      { severity: 'fine', text: 'one' },
      { severity: 'error', text: 'two' },
    ])
    writeLog(at(folder), [])
    expect(readFileSync(join(folder, 'real.log'), 'utf8')).to.equal(
      'before\nlbackup-filevault: one\nlbackup-filevault: ERROR! two\n',
    )
  })
  it('are refused a FIFO, without waiting for a reader', () => {
    const folder = temporaryFolder()
    execFileSync('mkfifo', [join(folder, 'backup.log')])
    expect(() => writeLog(at(folder), [{ severity: 'fine', text: 'x' }])).to.throw('backup.log')
  })
})
