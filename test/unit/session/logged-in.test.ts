import { expect } from 'chai'
import { withSessions } from '../../../lib/session/logged-in.js'
import type { FileVaultAccount, Session } from '../../../lib/session/session.js'
import type { Usage, UsageState } from '../../../lib/mount/usage.js'
import { fromText } from '../../../lib/text/raw-path.js'

const bob: FileVaultAccount = {
  user: 'bob',
  home: fromText('/Users/bob'),
  hiddenHome: fromText('/Users/.bob'),
  imageName: fromText('bob.sparsebundle'),
  source: 'directory',
}
const usage = (state: UsageState, usedBy: string[] = []): Usage => ({
  state,
  evidence: ['hdiutil names 0 attached images'],
  usedBy,
  mountPoints: [fromText('/Users/bob')],
})
const atConsole: Session = { user: 'bob', where: 'console', source: 'console-owner' }
const terminal: Session = { user: 'bob', where: 'terminal', source: 'who' }

describe("the login of an image's user", () => {
  it('makes detached unknown, with the reason, a cure and his name', () => {
    expect(withSessions(usage('detached'), bob, [atConsole])).to.deep.equal({
      state: 'unknown',
      evidence: [
        'hdiutil names 0 attached images',
        'bob is logged in (console)',
        'the image may be attached where hdiutil was not asked: log bob out, or back it up with copy-and-prove',
      ],
      usedBy: ['bob'],
      mountPoints: ['/Users/bob'],
    })
  })

  for (const state of ['attached', 'changing', 'in-use-elsewhere', 'unknown'] as const) {
    it(`leaves ${state} as it is, and adds that he is logged in and his name once`, () => {
      const now = withSessions(usage(state, ['bob', 'x (pid 3)']), bob, [atConsole, terminal, atConsole])
      expect(now.state).to.equal(state)
      expect(now.evidence).to.deep.equal(['hdiutil names 0 attached images', 'bob is logged in (console and terminal)'])
      expect(now.usedBy).to.deep.equal(['bob', 'x (pid 3)'])
      expect(withSessions(usage(state, ['x (pid 3)']), bob, [atConsole]).usedBy).to.deep.equal(['x (pid 3)', 'bob'])
    })
  }

  it("changes nothing where he is not logged in, or the image is no account's", () => {
    const before = usage('detached')
    expect(withSessions(before, bob, [])).to.deep.equal(usage('detached'))
    expect(withSessions(before, bob, [{ ...atConsole, user: 'bobby' }])).to.deep.equal(usage('detached'))
    expect(withSessions(before, undefined, [atConsole])).to.deep.equal(usage('detached'))
  })
})
