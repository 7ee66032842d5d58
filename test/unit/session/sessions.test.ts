import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { parseConsoleOwner, parseScutil } from '../../../lib/session/console.js'
import { lookAtSessions } from '../../../lib/session/sessions.js'
import { parseWho } from '../../../lib/session/who.js'
import { realSystem } from '../../../lib/system/system.js'
import { fakeMac } from '../../support/fake-mac.js'

describe('who is logged in', () => {
  it('a Mac: the console owner and scutil first, who only adds', async () => {
    const mac = fakeMac({
      console: 'bob',
      graphical: ['bob', 'alice'],
      who: [
        { user: 'bob', line: 'console' },
        { user: 'bob', line: 'ttys000' },
        { user: 'carol', line: 'ttys001', from: '192.0.2.7' },
      ],
    })
    const { sessions, problems } = await lookAtSessions(mac.system)
    expect(problems).to.deep.equal([])
    expect(sessions).to.deep.equal([
      { user: 'bob', where: 'console', source: 'console-owner' },
      { user: 'alice', where: 'console', source: 'scutil' },
      { user: 'bob', where: 'terminal', source: 'who' },
      { user: 'carol', where: 'remote', source: 'who' },
    ])
    const scutil = mac.calls().find(({ name }) => name === 'scutil')
    expect(scutil?.input).to.equal('show State:/Users/ConsoleUser\n')
    expect(mac.calls().find(({ name }) => name === 'stat')?.args).to.deep.equal(['-f', '%Su', '/dev/console'])
  })

  it('nobody: the login window is no user', async () => {
    expect(await lookAtSessions(fakeMac({ console: 'root', graphical: [] }).system)).to.deep.equal({
      sessions: [],
      problems: [],
    })
    expect(await lookAtSessions(fakeMac({ console: 'root', graphical: ['loginwindow'] }).system)).to.deep.equal({
      sessions: [],
      problems: [],
    })
    for (const name of ['root', 'loginwindow', '_mbsetupuser', '']) {
      expect(parseConsoleOwner(Buffer.from(`${name}\n`)), name).to.equal(undefined)
    }
  })

  it('a tool that fails is told, the others still answer', async () => {
    const mac = fakeMac({ console: 'bob', faults: { scutil: { hang: 'polite' } } }, 1)
    const { sessions, problems } = await lookAtSessions(mac.system)
    expect(sessions).to.deep.include({ user: 'bob', where: 'console', source: 'console-owner' })
    expect(problems.join()).to.match(/scutil did not answer in time/u)
    mac.set({ console: 'bob' })
    rmSync(mac.tools.who)
    expect((await lookAtSessions(mac.system)).problems.join()).to.match(/who could not be started/u)
  })

  it('garbage names nobody twice and hides no control characters', () => {
    expect(parseScutil(Buffer.from('\0\u00ff Name: x\n  Name : bob\n  Name : bob\n'))).to.deep.equal(['bob'])
    expect(parseWho(Buffer.from('\n  \nbob\n\u001b[2J pts/0 x\n'))[0]?.user).to.equal('\\x1b[2J')
  })

  it('Linux: only who is asked; consoles, terminals and other machines', async () => {
    const output =
      'bob      tty1         2026-11-22 10:00\nbob      :0           2026-11-22 10:00 (:0)\nal       pts/0        2026-11-22 10:00 (192.0.2.7)\nal       pts/1        2026-11-22 10:00\n'
    expect(parseWho(Buffer.from(output)).map(({ user, where }) => `${user} ${where}`)).to.deep.equal([
      'bob console',
      'bob console',
      'al remote',
      'al terminal',
    ])
    const real = await lookAtSessions(realSystem({ platform: 'linux', commandSeconds: 10 }))
    expect(real.problems).to.deep.equal([])
    expect(real.sessions.length).to.be.at.most(execFileSync('who').toString().split('\n').length)
  })
})
