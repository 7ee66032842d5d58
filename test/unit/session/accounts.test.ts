import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { lookAtAccounts } from '../../../lib/session/accounts.js'
import { parseDirectory } from '../../../lib/session/directory.js'
import { accountsFromFolders, mergeAccounts } from '../../../lib/session/home-folders.js'
import { accountsInCopy } from '../../../lib/session/homes-in-copy.js'
import { realSystem } from '../../../lib/system/system.js'
import { baseName, fromText, isWithin, parent, type RawPath } from '../../../lib/text/raw-path.js'
import { fakeMac } from '../../support/fake-mac.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const raw = (text: string): RawPath => fromText(text)
const linux = realSystem({ platform: 'linux', commandSeconds: 5 })
const ownerUid = process.geteuid?.() ?? 0

/** Makes an empty bundle `NAME.sparsebundle`, and the folders above it. */
function imageAt(root: string, name: string) {
  const path = `${root}/${name}.sparsebundle`
  mkdirSync(path, { recursive: true })
  return { path: raw(path), root: raw(root), ownerUid }
}

interface Tree {
  /** Owners by path; 501 unless named. */
  owners?: Record<string, number>
  /** Where a volume is mounted. */
  mounted?: string[]
  /** What may not be read, or not even be looked at. */
  unreadable?: string[]
  unknown?: string[]
}

/** Accounts that a tree of these paths shows; its sparse images are the images found. */
function seen(root: string, paths: string[], { owners = {}, mounted = [], unreadable = [], unknown = [] }: Tree = {}) {
  const all = paths.map(raw)
  const ownerUid = (path: string): number => owners[path] ?? 501
  return accountsFromFolders(
    imagesIn(all).map((path) => ({ path, root: raw(root), ownerUid: ownerUid(path) })),
    {
      namesIn: (folder) => (unreadable.includes(folder) ? undefined : namesBelow(all, folder)),
      factsOf: (folder) => {
        if (unknown.includes(folder)) return undefined
        if (!all.some((path) => isWithin(path, folder))) return 'missing'
        return { device: mounted.includes(folder) ? 2 : 1, ownerUid: ownerUid(folder) }
      },
    },
  )
}

const imagesIn = (paths: readonly RawPath[]): RawPath[] => paths.filter((path) => /\.sparse(bundle|image)$/u.test(path))

/** A path that ends in a slash is an empty folder. */
const namesBelow = (paths: readonly RawPath[], folder: RawPath): RawPath[] => [
  ...new Set(
    paths
      .filter((path) => path !== folder && path !== `${folder}/` && isWithin(path, folder))
      .map((path) => path.slice(folder.length + 1).split('/')[0] as RawPath),
  ),
]

const bob = {
  user: 'bob',
  home: '/Users/bob',
  hiddenHome: '/Users/.bob',
  imageName: 'bob.sparsebundle',
  source: 'folder',
}

describe('FileVault accounts by their folders', () => {
  it('logged out: the image alone in the home that bears its name', () => {
    expect(seen('/Users', ['/Users/bob/bob.sparsebundle'])).to.deep.equal([bob])
    expect(seen('/', ['/Users/bob/bob.sparsebundle', '/Users/bob/.DS_Store'])).to.deep.equal([bob])
    expect(seen('/srv/homes', ['/srv/homes/bob/bob.sparseimage'])[0]?.hiddenHome).to.equal('/srv/homes/.bob')
  })

  it('logged in: the image in the hidden folder beside the home, which is a mount point', () => {
    const tree = ['/Users/.bob/bob.sparsebundle', '/Users/bob/Documents', '/Users/bob/notes']
    expect(seen('/Users', tree, { mounted: ['/Users/bob'] })).to.deep.equal([bob])
  })

  it('after a crash: the image in the hidden folder, and the home empty, missing, or with an image of its own', () => {
    const hidden = '/Users/.bob/bob.sparsebundle'
    expect(seen('/Users', [hidden])).to.deep.equal([bob])
    expect(seen('/Users', [hidden, '/Users/bob/'])).to.deep.equal([bob])
    expect(seen('/Users', [hidden, '/Users/bob/.localized', '/Users/bob/.DS_Store'])).to.deep.equal([bob])
    expect(seen('/Users', [hidden, '/Users/bob/bob.sparsebundle'])).to.deep.equal([bob])
  })

  it('a left-over hidden folder beside a full plain home makes no account', () => {
    const full = ['/Users/bob/Documents', '/Users/bob/notes']
    for (const hidden of ['.bob', '.archive', '.bob 2']) {
      expect(seen('/Users', [`/Users/${hidden}/bob.sparsebundle`, ...full]), hidden).to.deep.equal([])
    }
  })

  it("nor does another user's planted one, however the home looks", () => {
    for (const hidden of ['/Users/.bob/bob.sparsebundle', '/Users/.archive/bob.sparsebundle']) {
      const owners = { [hidden]: 666 }
      expect(seen('/Users', [hidden, '/Users/bob/'], { owners }), 'empty').to.deep.equal([])
      expect(seen('/Users', [hidden, '/Users/bob/x'], { owners, mounted: ['/Users/bob'] }), 'mounted').to.deep.equal([])
      expect(seen('/Users', [hidden, '/Users/bob/x'], { owners }), 'full').to.deep.equal([])
    }
  })

  it('nor an image that lies alone in a home of another user', () => {
    const image = '/Users/bob/bob.sparsebundle'
    expect(seen('/Users', [image], { owners: { [image]: 666 } })).to.deep.equal([])
    expect(seen('/Users', [image], { owners: { '/Users/bob': 0 } })).to.deep.equal([])
    expect(seen('/Users', [image], { owners: { [image]: 0, '/Users/bob': 0 } })).to.deep.equal([bob])
  })

  it('a mounted home with an ordinary image of its name is none', () => {
    const tree = ['/Users/bob/bob.sparsebundle', '/Users/bob/Documents']
    expect(seen('/Users', tree, { mounted: ['/Users/bob'] })).to.deep.equal([])
  })

  it('a home that cannot be read or looked at is none', () => {
    const inHome = ['/Users/bob/bob.sparsebundle']
    const hidden = ['/Users/.bob/bob.sparsebundle', '/Users/bob/']
    for (const tree of [inHome, hidden]) {
      expect(seen('/Users', tree, { unreadable: ['/Users/bob'] })).to.deep.equal([])
      expect(seen('/Users', tree, { unknown: ['/Users/bob'] })).to.deep.equal([])
      expect(seen('/Users', tree, { unknown: ['/Users'] })).to.deep.equal([bob])
    }
    expect(seen('/Users', [...hidden, '/Users/bob/x'], { unknown: ['/Users'] })).to.deep.equal([])
  })

  it('the hidden folder is taken as it is named, the usual name first', () => {
    const other = { ...bob, hiddenHome: '/Users/.bob 2' }
    expect(seen('/Users', ['/Users/.bob 2/bob.sparsebundle', '/Users/bob/'])).to.deep.equal([other])
    const both = seen('/Users', ['/Users/bob/bob.sparsebundle', '/Users/.bob 2/bob.sparsebundle'])
    expect(both).to.deep.equal([other])
    for (const name of ['.a', '.z']) {
      const two = [`/Users/${name}/bob.sparsebundle`, '/Users/.bob/bob.sparsebundle', '/Users/bob/']
      expect(seen('/Users', two)).to.deep.equal([bob])
      expect(seen('/Users', two.reverse())).to.deep.equal([bob])
    }
    expect(seen('/Users', ['/Users/.bob 2/bob.sparsebundle']), 'and no such home').to.deep.equal([])
  })

  const ordinary: Record<string, string[]> = {
    'in Documents': ['/Users/alice/Documents/x.sparsebundle'],
    'in Documents, named like its folder': ['/Users/alice/Documents/Documents.sparsebundle'],
    'deeper, named like its folder': ['/Users/alice/Documents/plan/plan.sparsebundle'],
    'of another name': ['/Users/alice/Backup.sparsebundle'],
    'named like the home, among other things': ['/Users/alice/alice.sparsebundle', '/Users/alice/Documents'],
    'in a hidden folder inside the home': ['/Users/alice/.hidden/alice.sparsebundle', '/Users/alice/alice/'],
    'in the bin beside the homes': ['/Users/.Trashes/old.sparsebundle', '/Users/alice/x'],
    'directly among the homes': ['/Users/alice.sparsebundle'],
    'of no name': ['/Users/alice/.sparsebundle'],
  }
  for (const [what, paths] of Object.entries(ordinary)) {
    it(`an ordinary image is none: ${what}`, () => {
      expect(seen('/Users', paths)).to.deep.equal([])
    })
  }

  it('outside a folder of homes there is none', () => {
    expect(seen('/data', ['/data/projects/plan/plan.sparsebundle'])).to.deep.equal([])
    expect(seen('/data/plan', ['/data/plan/plan.sparsebundle'])).to.deep.equal([])
  })

  it('every account lies beside its hidden home, and its image bears its name', () => {
    const name = fc.constantFrom('bob', '.bob', 'Users', 'x', 'bob.sparsebundle', 'x.sparseimage', '.x')
    fc.assert(
      fc.property(fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), (paths) => {
        for (const one of seen(
          '/Users',
          paths.map((parts) => `/Users/${parts.join('/')}`),
        )) {
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
    const images = [{ path: raw(`${users}/bob/bob.sparsebundle`), root: raw(users), ownerUid }]
    for (const fault of [{ hang: 'deaf' as const }, { stdout: 'garbage' }, { code: 56 }]) {
      const { accounts, problems } = await lookAtAccounts(fakeMac({ faults: { dscl: fault } }, 1).system, images)
      expect(accounts.map(({ user }) => user)).to.deep.equal(['bob'])
      expect(problems.join()).to.include('known only from the folders')
    }
  })

  it('stands by itself: plain files in the home of an account it names change nothing', async () => {
    const users = `${temporaryFolder()}/Users`
    const image = imageAt(users, '.bob/bob')
    mkdirSync(`${users}/bob/Documents`, { recursive: true })
    const homeDirectory = url(`file://localhost${image.path}`)
    const mac = fakeMac({ users: [{ name: 'bob', uid: 501, home: `${users}/bob`, homeDirectory }] })
    const { accounts } = await lookAtAccounts(mac.system, [image])
    expect(accounts.map(({ source, hiddenHome }) => [source, hiddenHome])).to.deep.equal([
      ['directory', `${users}/.bob`],
    ])
    mac.set({})
    expect((await lookAtAccounts(mac.system, [image])).accounts).to.deep.equal([])
  })

  it('on Linux only real folders are asked', async () => {
    const users = `${temporaryFolder()}/Users`
    const images = ['bob/bob', 'al/al', '.eve/eve', '.zoe/zoe', '.amy/amy', '.old/dan', '.kim/kim'].map((name) =>
      imageAt(users, name),
    )
    for (const name of ['eve', 'zoe/Documents', 'dan']) mkdirSync(`${users}/${name}`, { recursive: true })
    symlinkSync('eve', `${users}/amy`)
    writeFileSync(`${users}/al/letter`, '')
    const { accounts } = await lookAtAccounts(linux, images)
    expect(accounts.map(({ user, hiddenHome }) => [user, hiddenHome])).to.deep.equal([
      ['bob', `${users}/.bob`],
      ['eve', `${users}/.eve`],
      ['dan', `${users}/.old`],
      ['kim', `${users}/.kim`],
    ])
  })

  it('real owners and real mounts count', async function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
    if (process.geteuid?.() !== 0) skip(this, 'needs root')
    const users = `${temporaryFolder()}/Users`
    const [mine, planted] = [imageAt(users, '.bob/bob'), imageAt(users, '.eve/eve')]
    for (const name of ['bob', 'eve']) mkdirSync(`${users}/${name}`)
    chownSync(planted.path, 54321, 54321)
    const found = [mine, { ...planted, ownerUid: 54321 }]
    const named = async (): Promise<string[]> => (await lookAtAccounts(linux, found)).accounts.map(({ user }) => user)
    expect(await named()).to.deep.equal(['bob'])
    chownSync(`${users}/eve`, 54321, 54321)
    expect(await named()).to.deep.equal(['bob', 'eve'])
    chownSync(`${users}/eve`, 54322, 54322)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', `${users}/bob`])
    try {
      writeFileSync(`${users}/bob/letter`, '')
      expect(await named()).to.deep.equal(['bob'])
    } finally {
      execFileSync('umount', [`${users}/bob`])
    }
    writeFileSync(`${users}/bob/letter`, '')
    expect(await named()).to.deep.equal([])
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

describe('homes in a copy that look like those of FileVault', () => {
  const inCopy = (paths: string[], source?: string) =>
    accountsInCopy(
      imagesIn(paths.map(raw)).map((path) => ({ path, root: raw('/b/Section.0') })),
      (folder) => namesBelow(paths.map(raw), folder),
      source === undefined ? undefined : raw(source),
    )
  const home = (hiddenHome: string, homes = '/b/Section.0/Users') => ({
    home: `${homes}/bob`,
    hiddenHome: `${homes}/${hiddenHome}`,
    imageName: 'bob.sparsebundle',
  })

  it('a hidden folder beside the home, however full that is: owners and mounts are not known there', () => {
    const users = '/b/Section.0/Users'
    expect(inCopy([`${users}/.bob/bob.sparsebundle`, `${users}/bob/secret`])).to.deep.equal([home('.bob')])
    expect(inCopy([`${users}/.bob/bob.sparsebundle`])).to.deep.equal([home('.bob')])
    expect(inCopy([`${users}/.x/bob.sparsebundle`, `${users}/bob/secret`])).to.deep.equal([home('.x')])
    const two = [`${users}/.a/bob.sparsebundle`, `${users}/.bob/bob.sparsebundle`, `${users}/bob/secret`]
    expect(inCopy(two)).to.deep.equal([home('.bob')])
  })

  it('at the root of the section, and where its source lies in it', () => {
    const tree = ['/b/Section.0/homes/.bob/bob.sparsebundle', '/b/Section.0/homes/bob/secret']
    expect(inCopy(tree)).to.deep.equal([])
    expect(inCopy(tree, '/b/Section.0/homes')).to.deep.equal([home('.bob', '/b/Section.0/homes')])
    expect(inCopy(['/b/Section.0/.bob/bob.sparsebundle'])).to.deep.equal([home('.bob', '/b/Section.0')])
  })

  it('not one without such a home, and none for an image in the home itself', () => {
    const users = '/b/Section.0/Users'
    expect(inCopy([`${users}/.Trashes/old.sparsebundle`, `${users}/bob/x`])).to.deep.equal([])
    expect(inCopy([`${users}/bob/bob.sparsebundle`, `${users}/bob/x`])).to.deep.equal([])
    expect(inCopy([`${users}/bob/.archive/x.sparsebundle`, `${users}/bob/x/y`])).to.deep.equal([])
  })
})
