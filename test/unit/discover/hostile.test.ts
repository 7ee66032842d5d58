import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { FoundImage } from '../../../lib/discover/find.js'
import { withoutMoved } from '../../../lib/discover/settle.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { notesOf, notesWith, pathsOf, search } from './search.js'

const isRoot = process.getuid?.() === 0

/** Runs as a user who may not read what root keeps to itself. */
function asNobody<Result>(action: () => Result): Result {
  if (!isRoot) return action()
  process.seteuid?.(65_534)
  try {
    return action()
  } finally {
    process.seteuid?.(0)
  }
}

describe('a search for images in hostile folders', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder()
  })

  it('never looks outside, however often folders are swapped for links under it', async function () {
    const outside = temporaryFolder()
    for (const base of [root, outside]) writeSparseBundle(join(base, 'home/sub/x.sparsebundle'))
    const theirs = ['home', 'home/sub', 'home/sub/x.sparsebundle'].map((place) => join(outside, place))
    const foreign = lstatSync(theirs[2] as string).ino
    // Older than its last change: the first reader of such a folder leaves a new access time.
    for (const folder of theirs) utimesSync(folder, 1_000_000, 2_000_000)
    const swapper = fork(fileURLToPath(new URL('./swapper.ts', import.meta.url)), [root, outside])
    let [found, refused] = [0, 0]
    try {
      await once(swapper, 'message')
      for (let round = 0; round < 100_000 && (round < 600 || refused < 5 || found < 5); round += 1) {
        const discovery = search(root)
        for (const { inode } of discovery.images) expect(inode).not.to.equal(foreign)
        found += discovery.images.length
        refused += notesWith(discovery, 'unreadable').length
      }
    } finally {
      const ended = once(swapper, 'exit')
      if (swapper.connected) swapper.disconnect()
      await ended
    }
    // Otherwise the two never met, and this proved nothing.
    expect(refused).to.be.at.least(5)
    expect(found).to.be.at.least(5)
    for (const folder of theirs) expect(lstatSync(folder).atimeMs, folder).to.equal(1_000_000_000)
    const canary = theirs[0] as string
    readdirSync(canary)
    if (lstatSync(canary).atimeMs === 1_000_000_000) process.stderr.write('no access times on this file system\n')
  })

  it('reaches what lies beyond the longest path the system takes', () => {
    const name = 'd'.repeat(200)
    const script = `for (let i = 0; i < 40; i += 1) { fs.mkdirSync('${name}'); process.chdir('${name}') }
      fs.mkdirSync('x.sparsebundle'); fs.writeFileSync('x.sparsebundle/Info.plist', ''); fs.mkdirSync('x.sparsebundle/bands')`
    execFileSync(process.execPath, ['-e', script], { cwd: root })
    try {
      const found = search(root, { maxDepth: 100 })
      expect(found.notes).to.deep.equal([])
      expect(pathsOf(found)).to.deep.equal([`${name}/`.repeat(40) + 'x.sparsebundle'])
      const limited = search(root, { maxDepth: 30 })
      expect(notesOf(limited, root)).to.deep.equal([`depth-limit ${`${name}/`.repeat(31).slice(0, -1)}`])
    } finally {
      // Node's own removal goes by path.
      execFileSync('rm', ['-rf', join(root, name)])
    }
  })

  it('copes with a hundred thousand names in one folder, and with the limit inside it', () => {
    const folder = join(root, 'many')
    mkdirSync(folder)
    for (let index = 0; index < 100_000; index += 1)
      writeFileSync(join(folder, `a name of some length ${String(index)}`), '')
    writeSparseBundle(join(folder, 'x.sparsebundle'))
    const all = search(root)
    expect(pathsOf(all)).to.deep.equal(['many/x.sparsebundle'])
    expect(all.counts.entries).to.equal(100_001 + 1 + 4)
    const some = search(root, { maxEntries: 5000 })
    expect(some.counts.entries).to.equal(5000)
    expect(notesWith(some, 'entry-limit')[0]?.path).to.equal(folder)
  })

  it('says what may not be read, with the cure, and goes on', () => {
    chmodSync(root, 0o755)
    writeSparseBundle(join(root, 'a.sparsebundle'))
    writeSparseBundle(join(root, 'closed/b.sparsebundle'))
    writeSparseBundle(join(root, 'c.sparsebundle'))
    for (const name of ['Info.plist', 'Info.bckup']) chmodSync(join(root, 'c.sparsebundle', name), 0)
    chmodSync(join(root, 'closed'), 0)
    const found = asNobody(() => search(root))
    chmodSync(join(root, 'closed'), 0o700)
    expect(found.images.map(({ path, recognised }) => [path, recognised])).to.deep.equal([
      [join(root, 'a.sparsebundle'), true],
      [join(root, 'c.sparsebundle'), false],
    ])
    expect(notesOf(found, root)).to.deep.equal(['unreadable c.sparsebundle', 'unreadable closed'])
    expect(found.notes[1]?.message).to.match(/closed may not be opened\. Run as root/)
  })

  it('stays on its file system unless told to cross', function () {
    if (!isRoot) skip(this, 'only root may mount')
    const mount = join(root, 'volume')
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount])
    try {
      writeSparseBundle(join(mount, 'x.sparsebundle'))
      const found = search(root)
      expect(found.images).to.deep.equal([])
      expect(notesOf(found, root)).to.deep.equal(['other-device volume'])
      expect(pathsOf(search(root, { crossDevices: true }))).to.deep.equal(['volume/x.sparsebundle'])
      expect(pathsOf(search(mount))).to.deep.equal(['x.sparsebundle'])
      const both = search([root, mount])
      expect(pathsOf(both)).to.deep.equal(['x.sparsebundle'])
      expect(both.notes).to.deep.equal([])
    } finally {
      execFileSync('umount', [mount])
    }
  })

  it('keeps out of the backup where it is mounted a second time', function () {
    if (!isRoot) skip(this, 'only root may mount')
    writeSparseBundle(join(root, 'backup/x.sparsebundle'))
    mkdirSync(join(root, 'again'))
    execFileSync('mount', ['--bind', join(root, 'backup'), join(root, 'again')])
    try {
      expect(search(root).images.length).to.equal(2)
      expect(search(root, { never: [fromText(join(root, 'backup'))] }).images).to.deep.equal([])
    } finally {
      execFileSync('umount', [join(root, 'again')])
    }
  })

  it('drops the first sighting of an image that moved while the search ran', () => {
    writeSparseBundle(join(root, 'bob/bob.sparsebundle'))
    const [now] = search(root).images
    if (now === undefined) throw new Error('not found')
    const before: FoundImage = { ...now, path: fromText(join(root, '.bob/bob.sparsebundle')) }
    expect(withoutMoved([before, now]).map(({ path }) => path)).to.deep.equal([now.path])
    expect(withoutMoved([before]).length).to.equal(1)
  })
})
