import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { ConfigError, problemLine } from '../../../lib/config/problem.js'
import { checkTools, demandTools } from '../../../lib/config/tools.js'
import { temporaryFolder } from '../../support/temporary.js'
import { load, written } from './support.js'

function program(mode: number): string {
  const file = join(temporaryFolder(), 'tool')
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, mode)
  return file
}

const said = (tools: object, report: object = {}, tellUser: object = {}): readonly string[] =>
  checkTools(load(written(JSON.stringify({ tools, report, tellUser })))).map(problemLine)

describe('checkTools', () => {
  it('takes programs that only we may write, also through a link', () => {
    const link = join(temporaryFolder(), 'link')
    symlinkSync(program(0o755), link)
    expect(said({ ps: program(0o755), who: link }, { command: [program(0o700), 'x'] })).to.deep.equal([])
  })

  it('looks at the programs the file names and at those that are needed, not at the other defaults', () => {
    const absent = load(join(temporaryFolder(), 'filevault.json'))
    expect(checkTools(absent)).to.deep.equal([])
    const missing = { ...absent, config: { ...absent.config, tools: { ...absent.config.tools, hdiutil: '/nowhere' } } }
    expect(checkTools(missing, ['hdiutil']).map(problemLine)).to.deep.equal(['tools.hdiutil: /nowhere is not there.'])
  })

  it('says what is wrong with each, and where it stands', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'tool'))
    const open = program(0o775)
    const tools = { ps: '/nowhere/ps', who: join(folder, 'tool'), stat: program(0o644), ssh: open }
    expect(
      said(tools, { command: [open] }, { command: ['/nowhere/tell'] }).map((line) =>
        line.replace(/^line 1:\d+, /u, ''),
      ),
    ).to.deep.equal([
      `tools.who: ${join(folder, 'tool')} is no program.`,
      `tools.stat: ${tools.stat} may not be run: chmod +x it.`,
      'tools.ps: /nowhere/ps is not there.',
      `tools.ssh: root would run what others may change: ${open} may be written by its group (mode 775): run chmod go-w on it.`,
      `report.command[0]: root would run what others may change: ${open} may be written by its group (mode 775): run chmod go-w on it.`,
      'tellUser.command[0]: /nowhere/tell is not there.',
    ])
  })

  it('refuses a program in a folder where others may put another in its place', () => {
    const file = program(0o755)
    chmodSync(dirname(file), 0o777)
    expect(said({ ps: file })[0]).to.include(`${dirname(file)} may be written by everybody`)
    expect(() => {
      demandTools(load(written(JSON.stringify({ tools: { ps: file } }))))
    }).to.throw(ConfigError, 'may be written by everybody')
  })
})
