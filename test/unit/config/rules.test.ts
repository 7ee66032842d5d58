import { expect } from 'chai'
import { rules } from '../../../lib/config/rules.js'
import { problemsOf } from './support.js'

const bob = { match: { user: 'bob' } }
const eve = { match: { user: 'eve' } }
const staged = (source: object) => ({ source: { mode: 'staging', ...source }, search: { roots: ['/Users'] } })
const staging = staged({})
const wait = { ifInUse: 'wait', waitMinutes: 10 }

/** For each rule: configurations it speaks up for, with what it says, and some it lets pass. */
const cases: Readonly<
  Record<keyof typeof rules, { says: readonly (readonly [object, string, RegExp])[]; passes: readonly object[] }>
> = {
  attachedNeedsClearText: {
    says: [[{ policies: [{ when: 'attached' }] }, 'policies[0].when', /add "allowClearText": true/u]],
    passes: [{ policies: [{ when: 'attached', allowClearText: true }] }],
  },
  clearTextNeedsAttached: {
    says: [[{ policies: [{ allowClearText: true }] }, 'policies[0].allowClearText', /changes nothing/u]],
    passes: [{ policies: [{ allowClearText: false }] }],
  },
  passphraseFromOnePlace: {
    says: [[{ passphrases: [{ file: '/a', keychain: 'b' }] }, 'passphrases[0]', /"file" and "keychain", not both/u]],
    passes: [{ passphrases: [eve, { ...bob, file: '/a' }, { keychain: 'b' }] }],
  },
  everyPolicyIsReached: {
    says: [
      [{ policies: [{}, bob] }, 'policies[1]', /policies\[0\] has no "match"/u],
      [{ policies: [bob, eve, bob] }, 'policies[2]', /policies\[0\] has the same "match"/u],
    ],
    passes: [{ policies: [bob, eve, {}] }, { policies: [bob] }, { policies: [] }],
  },
  waitNeedsTime: {
    says: [
      [{ policies: [{ ifInUse: 'wait' }] }, 'policies[0].ifInUse', /needs "waitMinutes" above 0/u],
      [{ policies: [wait], limits: { waitMinutes: 0 } }, 'limits.waitMinutes', /forbids all waiting/u],
      [{ policies: [wait], limits: { waitMinutes: 5 } }, 'policies[0].waitMinutes', /ends after 5 min/u],
    ],
    passes: [{ policies: [wait] }, { limits: { waitMinutes: 0 } }],
  },
  waitSettingsNeedWait: {
    says: [
      [{ policies: [{ waitMinutes: 5 }] }, 'policies[0].waitMinutes', /changes nothing/u],
      [{ policies: [{ ifStillInUse: 'halt' }] }, 'policies[0].ifStillInUse', /changes nothing/u],
    ],
    passes: [{ policies: [{ waitMinutes: 0 }, wait] }],
  },
  stagingNeedsRoots: {
    says: [[{ source: { mode: 'staging' } }, 'search.roots', /backupSource is the staging folder/u]],
    passes: [staging, {}],
  },
  stagingHalts: {
    says: [[{ ...staging, onCrash: 'continue' }, 'onCrash', /the staging folder is empty/u]],
    passes: [staging, { onCrash: 'continue' }],
  },
  stagingHoldsNoContents: {
    says: [
      [
        { ...staging, policies: [{ when: 'attached', allowClearText: true }] },
        'policies[0].when',
        /not what is in them/u,
      ],
    ],
    passes: [{ ...staging, policies: [{}] }, { policies: [{ when: 'attached', allowClearText: true }] }],
  },
  stagingSettingsNeedStaging: {
    says: [
      [{ source: { hardLinks: true } }, 'source.hardLinks', /changes nothing/u],
      [{ source: { folders: ['/home/alice'] } }, 'source.folders', /changes nothing/u],
      [{ source: { reservePercent: 5 } }, 'source.reservePercent', /changes nothing/u],
    ],
    passes: [staged({ hardLinks: true, folders: ['/home/alice'], reservePercent: 5 }), {}],
  },
  hardLinksNeedLinux: {
    says: [[{ ...staged({ hardLinks: true }), platform: 'macos' }, 'source.hardLinks', /second name/u]],
    passes: [
      { ...staged({ hardLinks: true }), platform: 'linux' },
      { ...staging, platform: 'macos' },
    ],
  },
  stagedFoldersHaveNames: {
    says: [
      [staged({ folders: ['/'] }), 'source.folders[0]', /no name/u],
      [staged({ folders: ['/home/.new'] }), 'source.folders[0]', /no name/u],
      [staged({ folders: ['/home/bob-0123456789abcdef0123'] }), 'source.folders[0]', /slot/u],
      [staged({ folders: ['/home/al', '/srv/al'] }), 'source.folders[1]', /same name as source\.folders\[0\]/u],
    ],
    passes: [staged({ folders: ['/home/alice', '/home/zoe'] })],
  },
  waitFitsIntoHook: {
    says: [[{ limits: { waitMinutes: 300 } }, 'limits.waitMinutes', /a hook gives up after 4 h/u]],
    passes: [{ limits: { waitMinutes: 239 } }],
  },
  verifyFitsIntoHook: {
    says: [[{ verify: { minutes: 300 } }, 'verify.minutes', /a hook gives up after 4 h/u]],
    passes: [{ verify: { minutes: 239 } }, { limits: { waitMinutes: 1, hookMinutes: 10 } }],
  },
  warnBeforeError: {
    says: [[{ keep: { warnAfterDays: 20 } }, 'keep.warnAfterDays', /changes nothing/u]],
    passes: [{ keep: { warnAfterDays: 14 } }],
  },
  repairNeedsComparing: {
    says: [[{ verify: { level: 'structure' }, repair: 'on' }, 'repair', /changes nothing/u]],
    passes: [{ verify: { level: 'structure' } }, { repair: 'on' }, { verify: { level: 'structure' }, repair: 'off' }],
  },
  fileSystemNeedsMac: {
    says: [[{ verify: { level: 'filesystem' }, platform: 'linux' }, 'verify.level', /treated as "volume"/u]],
    passes: [{ verify: { level: 'filesystem' } }, { verify: { level: 'volume' }, platform: 'linux' }],
  },
  quietIsLongEnough: {
    says: [[{ limits: { quietSeconds: 1.9 } }, 'limits.quietSeconds', /HFS\+/u]],
    passes: [{ limits: { quietSeconds: 2 } }],
  },
  pathsArePlain: {
    says: [
      [{ search: { roots: ['/', '/a/../b'] } }, 'search.roots[1]', /must be written without/u],
      [{ stateFolder: '/var/../x' }, 'stateFolder', /must be written without/u],
      [{ search: { roots: ['/a//b'] } }, 'search.roots[0]', /double slashes/u],
      [{ policies: [{ match: { path: '/./a' } }] }, 'policies[0].match.path', /must be written without/u],
    ],
    passes: [{ search: { roots: ['/', '/a/', '/a/...', '/.b'] } }],
  },
  commandsAreAbsolute: {
    says: [
      [{ report: { command: ['mail', '/x'] } }, 'report.command[0]', /must be the absolute path/u],
      [{ tellUser: { command: ['wall'] } }, 'tellUser.command[0]', /"wall" must be the absolute path/u],
    ],
    passes: [
      { report: { command: ['/bin/mail', ''] } },
      { report: { command: [] } },
      { tellUser: { command: ['/x'] } },
    ],
  },
  placeholdersAreKnown: {
    says: [
      [{ tellUser: { command: ['/x', '{user}', 'a {path} b'] } }, 'tellUser.command[2]', /^\{path\} stays as it is/u],
    ],
    passes: [{ tellUser: { command: ['/x', '{user}', '{image}: {until}', '{ }', '{}', '$USER'] } }],
  },
  namesAreNoScript: {
    says: [
      [{ tellUser: { command: ['/bin/sh', '-c', 'echo {image}'] } }, 'tellUser.command[2]', /root runs that/u],
      [
        { tellUser: { command: ['/usr/bin/osascript', '-e', 'say "{user}"'] } },
        'tellUser.command[2]',
        /root runs that/u,
      ],
    ],
    passes: [{ tellUser: { command: ['/bin/sh', '-c', 'wall "$0"', '{image}'] } }],
  },
  textsHoldNoZero: {
    says: [[{ report: { command: ['/bin/x', 'a\0b'] } }, 'report.command[1]', /zero byte/u]],
    passes: [{ report: { command: ['/bin/x', 'a\u0001b'] } }],
  },
}

describe('rules between settings', () => {
  for (const [name, { says, passes }] of Object.entries(cases)) {
    it(`${name} speaks up, at the right place`, () => {
      for (const [config, path, message] of says) {
        const found = problemsOf(JSON.stringify(config)).find((problem) => problem.path === path)
        expect(found?.message, JSON.stringify(config)).to.match(message)
        expect(found?.line).to.equal(1)
      }
    })

    it(`${name} lets pass what is right`, () => {
      const paths = new Set(says.map(([, path]) => path))
      for (const config of passes) {
        const found = problemsOf(JSON.stringify(config)).filter(({ path }) => paths.has(path))
        expect(found, JSON.stringify(config)).to.deep.equal([])
      }
    })
  }

  it('are all tested here', () => {
    expect(Object.keys(cases)).to.have.members(Object.keys(rules))
  })
})
