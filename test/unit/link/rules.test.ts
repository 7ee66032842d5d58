import { expect } from 'chai'
import fc from 'fast-check'
import { planExcludes } from '../../../lib/link/plan.js'
import { literalPattern, transferPath, transferRoot } from '../../../lib/link/pattern.js'
import { excludesRules } from '../../../lib/link/rules.js'
import type { ExcludesWish } from '../../../lib/link/excludes-type.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { join } from '../../../lib/text/raw-path.js'
import { copies } from './matcher.js'
import { isWished, treeOf, users, wishesOf } from './names.js'
import { raw } from './tree.js'

const bob = {
  kind: 'filevault-home',
  home: raw('/src/Users/bob'),
  hiddenHome: raw('/src/Users/.bob'),
  imageName: raw('bob.sparsebundle'),
  container: 'sparse-bundle',
  lies: 'home',
  copy: 'image',
} as const satisfies ExcludesWish

const rulesFor = (wishes: ExcludesWish[], source = '/src/Users'): string[] =>
  excludesRules({ source: raw(source), wishes }).slice(1)

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof OperationalError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('link: how rsync names the source', () => {
  const seen = (source: string, path: string, real?: string): string =>
    transferPath(transferRoot(raw(source), real === undefined ? undefined : raw(real)), raw(path))

  it('has the last name in front without a trailing slash, and nothing with one', () => {
    expect(seen('/data/src', '/data/src/bob')).to.equal('/src/bob')
    expect(seen('/data/src/', '/data/src/bob')).to.equal('/bob')
    expect(seen('/data/src//', '/data/src/bob')).to.equal('/bob')
    expect(seen('/data/./src/.', '/data/src/bob')).to.equal('/bob')
    expect(seen('/', '/Users/bob')).to.equal('/Users/bob')
  })
  it('keeps the name as written where a link leads to the source', () => {
    expect(seen('/home/users', '/data/u/bob', '/data/u')).to.equal('/users/bob')
    expect(seen('/home/users/', '/data/u/bob', '/data/u')).to.equal('/bob')
  })
  it('refuses a source that is not absolute', () => {
    for (const source of ['src', './src', '/data/../src', '']) {
      expect(codeOf(() => transferRoot(raw(source)))).to.equal('source-not-absolute')
    }
  })
})

describe('link: patterns', () => {
  it('leaves a backslash alone without a wildcard and doubles it with one', () => {
    expect(literalPattern(raw('/a\\b'))).to.equal('/a\\b')
    expect(literalPattern(raw('/a\\b*'))).to.equal('/a\\\\b\\*')
    expect(literalPattern(raw('/a\\b'), true)).to.equal('/a\\\\b')
  })
  it('has no line end, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)) }),
        (text) => {
          expect(literalPattern(raw(text))).not.to.match(/[\r\n]/)
        },
      ),
    )
  })
})

describe('link: rules', () => {
  it('has standing rules for a FileVault home, whatever its state', () => {
    expect(rulesFor([bob])).to.deep.equal(['- /Users/.bob/', '+ /Users/bob/bob.sparsebundle/', '- /Users/bob/*'])
    expect(rulesFor([{ ...bob, lies: 'hidden-home' }])).to.deep.equal([
      '+ /Users/.bob/bob.sparsebundle/',
      '- /Users/.bob/*',
      '- /Users/bob/*',
    ])
    expect(rulesFor([{ ...bob, copy: 'contents' }])).to.deep.equal(['- /Users/.bob/', '- /Users/bob/bob.sparsebundle/'])
    expect(rulesFor([{ ...bob, copy: 'nothing' }])).to.deep.equal(['- /Users/.bob/', '- /Users/bob/*'])
  })
  it('names our own folder at the transfer root first', () => {
    expect(excludesRules({ source: raw('/src/'), wishes: [] })).to.deep.equal(['- /.lbackup-filevault'])
  })
  it('lets the rules of a FileVault home stand where it is mounted', () => {
    const mounted = { kind: 'mount-point', path: bob.home, copy: false } as const
    expect(rulesFor([mounted, bob])).to.deep.equal(rulesFor([bob]))
  })
  it('says nothing of an image that is copied anyway, nor of things outside the source', () => {
    const image = { kind: 'copy-image', path: raw('/src/Users/a.sparseimage'), container: 'sparse-image' } as const
    expect(rulesFor([image])).to.deep.equal([])
    expect(rulesFor([{ kind: 'leave-out', path: raw('/elsewhere/a') }])).to.deep.equal([])
    expect(rulesFor([{ kind: 'leave-out', path: raw('/src/Users2/a') }])).to.deep.equal([])
  })
  it('opens the folders above an image to copy inside something left out, and nothing else', () => {
    expect(
      rulesFor([
        { kind: 'mount-point', path: raw('/src/Users/eve/V'), copy: false },
        { kind: 'copy-image', path: raw('/src/Users/eve/V/in/box.sparseimage'), container: 'sparse-image' },
      ]),
    ).to.deep.equal([
      '+ /Users/eve/V/in/',
      '+ /Users/eve/V/in/box.sparseimage',
      '- /Users/eve/V/*',
      '- /Users/eve/V/in/*',
    ])
  })
  it('lets leaving out win where two wishes speak of one image', () => {
    const path = join(bob.home, bob.imageName)
    const copy = { kind: 'copy-image', path, container: 'sparse-bundle' } as const
    expect(rulesFor([copy, { kind: 'leave-out', path }])).to.deep.equal(['- /Users/bob/bob.sparsebundle'])
    expect(rulesFor([copy, { ...bob, copy: 'nothing' }])).to.deep.equal(['- /Users/.bob/', '- /Users/bob/*'])
  })
  it('works where the source is the FileVault home itself', () => {
    expect(rulesFor([bob], '/src/Users/bob')).to.deep.equal(['+ /bob/bob.sparsebundle/', '- /bob/*'])
    expect(rulesFor([bob], '/src/Users/bob/')).to.deep.equal(['+ /bob.sparsebundle/', '- /*'])
    expect(rulesFor([bob], '/src/Users/bob/bob.sparsebundle')).to.deep.equal([])
  })
  it('empties a source that is the bundle left out, and never excludes the source itself', () => {
    const path = raw('/src/box')
    expect(rulesFor([{ kind: 'leave-out', path, container: 'sparse-bundle' }], '/src/box')).to.deep.equal(['- /box/*'])
    expect(codeOf(() => rulesFor([{ kind: 'leave-out', path, container: 'sparse-image' }], '/src/box'))).to.equal(
      'source-left-out',
    )
  })
  it('refuses a source that lies in clear text or in an image left out', () => {
    expect(codeOf(() => rulesFor([bob], '/src/Users/bob/Documents'))).to.equal('source-is-clear-text')
    const mounted = { kind: 'mount-point', path: raw('/Volumes/V'), copy: false } as const
    expect(codeOf(() => rulesFor([mounted], '/Volumes/V/'))).to.equal('source-is-clear-text')
    expect(codeOf(() => rulesFor([mounted], '/Volumes/V/Work'))).to.equal('source-is-clear-text')
    expect(codeOf(() => rulesFor([{ kind: 'leave-out', path: raw('/a/box') }], '/a/box/bands'))).to.equal(
      'source-inside-image',
    )
    expect(rulesFor([{ ...mounted, copy: true }], '/Volumes/V/Work')).to.deep.equal([])
  })
  it('refuses a rule that rsync would drop', () => {
    const path = raw(`/src/${'[long]'.repeat(200)}/a`)
    const wish = { kind: 'leave-out', path } as const
    expect(codeOf(() => excludesRules({ source: raw('/src/'), wishes: [wish] }))).to.equal('nothing was thrown')
    expect(codeOf(() => excludesRules({ source: raw('/src/'), wishes: [wish], platform: 'macos' }))).to.equal(
      'excludes-rule-too-long',
    )
  })
  it('is plain data for the run record and for --dry-run', () => {
    const plan = planExcludes({ source: raw('/src/'), wishes: [{ kind: 'leave-out', path: raw('/src/\xe9\n') }] })
    expect(JSON.parse(JSON.stringify(plan))).to.deep.equal(plan)
    expect(plan.printable[1]).to.match(/^- \/\\xe9\[\^/)
  })
  it('gives what is wished, for random names and states', () => {
    fc.assert(
      fc.property(users, fc.constantFrom('/src', '/src/', '/', '/x\\*/s[r]c'), (list, source) => {
        const folder = transferRoot(raw(source)).folder
        const wishes = list.flatMap((one) => wishesOf(one, folder))
        const rules = excludesRules({ source: raw(source), wishes })
        for (const one of list) {
          const files = treeOf(one)
          const folders = new Set(files.flatMap((file) => ancestors(file)))
          const seen = (path: string): string => transferPath(transferRoot(raw(source)), join(folder, raw(path)))
          const seenFolders = new Set([...folders].map(seen))
          for (const path of [...files, ...folders]) {
            const isFolder = (part: string): boolean =>
              seenFolders.has(part) || part === transferRoot(raw(source)).prefix
            expect(copies(rules, seen(path), isFolder), `${path} in ${rules.join('|')}`).to.equal(
              isWished(one, raw(path)),
            )
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

function ancestors(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
}
