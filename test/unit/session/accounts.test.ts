import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { lookAtAccounts } from '../../../lib/session/accounts.js'
import { parseDirectory } from '../../../lib/session/directory.js'
import { accountsFromFolders, mergeAccounts } from '../../../lib/session/home-folders.js'
import { realSystem } from '../../../lib/system/system.js'
import { baseName, fromText, isWithin, parent, type RawPath } from '../../../lib/text/raw-path.js'
import { fakeMac } from '../../support/fake-mac.js'
import { temporaryFolder } from '../../support/temporary.js'

const raw = (text: string): RawPath => fromText(text)

/** Accounts that a tree of these paths shows; its sparse images are the images found. */
function seen(root: string, ...paths: string[]) {
  const all = paths.map(raw)
  const namesIn = (folder: RawPath): RawPath[] => [
    ...new Set(
      all
        .filter((path) => path !== folder && isWithin(path, folder))
        .map((path) => path.slice(folder.length + 1).split('/')[0] as RawPath),
    ),
  ]
  const images = all.filter((path) => /\.sparse(bundle|image)$/u.test(path))
  return accountsFromFolders(
    images.map((path) => ({ path, root: raw(root) })),
    namesIn,
  )
}

const bob = {
  user: 'bob',
  home: '/Users/bob',
  hiddenHome: '/Users/.bob',
  imageName: 'bob.sparsebundle',
  source: 'folder',
}

describe('FileVault accounts by their folders', () => {
  it('logged out: the image alone in the home that bears its name', () => {
    expect(seen('/Users', '/Users/bob/bob.sparsebundle')).to.deep.equal([bob])
    expect(seen('/', '/Users/bob/bob.sparsebundle', '/Users/bob/.DS_Store')).to.deep.equal([bob])
    expect(seen('/srv/homes', '/srv/homes/bob/bob.sparseimage')[0]?.hiddenHome).to.equal('/srv/homes/.bob')
  })

  it('logged in: the image in the hidden folder beside the home, however full that is', () => {
    const tree = ['/Users/.bob/bob.sparsebundle', '/Users/bob/Documents', '/Users/bob/notes']
    expect(seen('/Users', ...tree)).to.deep.equal([bob])
    expect(seen('/Users', '/Users/.bob/bob.sparsebundle')).to.deep.equal([bob])
  })

  it('the hidden folder is taken as it is named', () => {
    const [account] = seen('/Users', '/Users/.bob 2/bob.sparsebundle', '/Users/bob/x')
    expect(account).to.deep.equal({ ...bob, hiddenHome: '/Users/.bob 2' })
    const both = seen('/Users', '/Users/bob/bob.sparsebundle', '/Users/.bob 2/bob.sparsebundle')
    expect(both).to.deep.equal([{ ...bob, hiddenHome: '/Users/.bob 2' }])
  })

  const ordinary: Record<string, string[]> = {
    'in Documents': ['/Users/alice/Documents/x.sparsebundle'],
    'in Documents, named like its folder': ['/Users/alice/Documents/Documents.sparsebundle'],
    'deeper, named like its folder': ['/Users/alice/Documents/plan/plan.sparsebundle'],
    'of another name': ['/Users/alice/Backup.sparsebundle'],
    'named like the home, among other things': ['/Users/alice/alice.sparsebundle', '/Users/alice/Documents'],
    'in a hidden folder inside the home': ['/Users/alice/.hidden/alice.sparsebundle', '/Users/alice/x'],
    'in the bin beside the homes': ['/Users/.Trashes/old.sparsebundle', '/Users/alice/x'],
    'directly among the homes': ['/Users/alice.sparsebundle'],
    'of no name': ['/Users/alice/.sparsebundle'],
  }
  for (const [what, paths] of Object.entries(ordinary)) {
    it(`an ordinary image is none: ${what}`, () => {
      expect(seen('/Users', ...paths)).to.deep.equal([])
    })
  }

  it('outside a folder of homes there is none', () => {
    expect(seen('/data', '/data/projects/plan/plan.sparsebundle')).to.deep.equal([])
    expect(seen('/data/plan', '/data/plan/plan.sparsebundle')).to.deep.equal([])
  })

  it('a home that cannot be read is trusted by its name', () => {
    const image = { path: raw('/Users/bob/bob.sparsebundle'), root: raw('/Users') }
    expect(accountsFromFolders([image], () => undefined)).to.deep.equal([bob])
  })

  it('every account lies beside its hidden home, and its image bears its name', () => {
    const name = fc.constantFrom('bob', '.bob', 'Users', 'x', 'bob.sparsebundle', 'x.sparseimage', '.x')
    fc.assert(
      fc.property(fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), (paths) => {
        for (const one of seen('/Users', ...paths.map((parts) => `/Users/${parts.join('/')}`))) {
          expect(parent(one.home)).to.equal(parent(one.hiddenHome))
          expect(one.imageName.startsWith(`${baseName(one.home)}.sparse`)).to.be.true
          expect(baseName(one.hiddenHome).startsWith('.')).to.be.true
        }
      }),
    )
  })
})

describe('FileVault accounts by the directory', () => {
  const url = (text: string): string => `<home_dir><url>${text}</url></home_dir>`

  it('only a file URL of a sparse image counts', async () => {
    const mac = fakeMac({
      users: [
        {
          name: 'bob',
          uid: 501,
          home: '/Users/bob',
          homeDirectory: url('file://localhost/Users/bob/bob.sparsebundle'),
        },
        { name: 'eve', uid: 502, home: '/Users/eve', homeDirectory: url('afp://server/homes/eve.sparsebundle') },
        { name: 'dan', uid: 503, home: '/Users/dan', homeDirectory: url('file://localhost/Users/dan') },
        { name: 'amy', uid: 504, home: '/Users/amy' },
        {
          name: 'z\u00e9',
          uid: 505,
          home: '/Users/z\u00e9',
          homeDirectory: url('file:///Users/.z%C3%A9/z%c3%a9%20x.sparseimage'),
        },
      ],
    })
    const { accounts, problems } = await lookAtAccounts(mac.system, [])
    expect(problems).to.deep.equal([])
    expect(accounts).to.deep.equal([
      { ...bob, source: 'directory' },
      {
        user: 'z\u00e9',
        home: raw('/Users/z\u00e9'),
        hiddenHome: raw('/Users/.z\u00e9'),
        imageName: raw('z\u00e9 x.sparseimage'),
        source: 'directory',
      },
    ])
  })

  it('no list, records without names', () => {
    const document = (body: string): Buffer => Buffer.from(`<?xml version="1.0"?><plist version="1.0">${body}</plist>`)
    expect(parseDirectory(document('<dict/>'))).to.deep.equal([])
    expect(parseDirectory(document('<array><dict/><string>x</string></array>'))).to.deep.equal([])
    expect(() => parseDirectory(Buffer.from('name: bob')))
      .to.throw()
      .with.property('code', 'plist-invalid')
  })

  it('one that fails is told, and the folders still count', async () => {
    const users = `${temporaryFolder()}/Users`
    mkdirSync(`${users}/bob/bob.sparsebundle`, { recursive: true })
    const images = [{ path: raw(`${users}/bob/bob.sparsebundle`), root: raw(users) }]
    for (const fault of [{ hang: 'deaf' as const }, { stdout: 'garbage' }, { code: 56 }]) {
      const { accounts, problems } = await lookAtAccounts(fakeMac({ faults: { dscl: fault } }, 1).system, images)
      expect(accounts.map(({ user }) => user)).to.deep.equal(['bob'])
      expect(problems.join()).to.include('known only from the folders')
    }
  })

  it('on Linux only real folders are asked', async () => {
    const users = `${temporaryFolder()}/Users`
    for (const name of ['bob', 'al', '.eve', 'eve']) mkdirSync(`${users}/${name}`, { recursive: true })
    const images = ['bob/bob', 'al/al', '.eve/eve'].map((name) => {
      mkdirSync(`${users}/${name}.sparsebundle`)
      return { path: raw(`${users}/${name}.sparsebundle`), root: raw(users) }
    })
    writeFileSync(`${users}/al/letter`, '')
    const { accounts } = await lookAtAccounts(realSystem({ platform: 'linux', commandSeconds: 5 }), images)
    expect(accounts.map(({ user, hiddenHome }) => [user, hiddenHome])).to.deep.equal([
      ['bob', `${users}/.bob`],
      ['eve', `${users}/.eve`],
    ])
  })

  it('together each home counts once: the name from the directory, the hidden home as seen', () => {
    const named = { ...bob, user: 'robert', source: 'directory' as const } as never
    const found = { ...bob, hiddenHome: '/Users/.bob 2' } as never
    const other = { ...bob, home: '/Users/al' } as never
    expect(mergeAccounts([named], [found, other])).to.deep.equal([
      { ...bob, user: 'robert', source: 'directory', hiddenHome: '/Users/.bob 2' },
      { ...bob, home: '/Users/al' },
    ])
  })
})
