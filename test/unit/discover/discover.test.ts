import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { fromText } from '../../../lib/text/raw-path.js'
import { v1Header, v2Header } from '../../support/image-writer/encryption-header.js'
import { infoPlist, writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'
import { notesOf, pathsOf, search } from './search.js'

function write(path: string, content: string | Buffer = ''): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const trailer = (text: string): Buffer => Buffer.concat([Buffer.alloc(2048), Buffer.from(text.padEnd(512, '\0'))])

describe('a search for images', () => {
  let root: string
  beforeEach(() => {
    root = temporaryFolder()
  })

  it('finds every real archive, with its kind and encryption', function () {
    const archives = {
      'fat16-plain-mapped.sparsebundle': 'none',
      'gpt-aes128-v1.sparsebundle': 'v1',
      'gpt-aes128-v1.sparseimage': 'v1',
      'gpt-aes128-v2.sparsebundle': 'v2',
      'gpt-aes128-v2.sparseimage': 'v2',
      'gpt-plain.sparseimage': 'none',
      'hfsj-aes128-v2.sparsebundle': 'v2',
      'hfsj-plain.sparsebundle': 'none',
    }
    for (const archive of Object.keys(archives)) {
      mkdirSync(join(root, archive + '.home'))
      execFileSync('tar', ['-xzf', shared(this, `images/${archive}.tgz`), '-C', join(root, archive + '.home')])
    }
    const { images, notes } = search(root)
    const seen = images.map(({ path, encryption, container, recognised }) => [
      path.split('/').at(-2),
      encryption,
      container,
      recognised,
    ])
    expect(seen).to.deep.equal(
      Object.entries(archives).map(([name, encryption]) => {
        return [`${name}.home`, encryption, name.endsWith('image') ? 'sparse-image' : 'sparse-bundle', true]
      }),
    )
    expect(images.map(({ identity }) => identity.slice(0, 5))).to.deep.equal(
      Object.values(archives).map((kind) => (kind === 'none' ? 'file:' : 'uuid:')),
    )
    // The two of each version were made at once from one header? No: each has a UUID of its own.
    expect(new Set(images.map(({ identity }) => identity)).size).to.equal(8)
    expect(notes).to.deep.equal([])
  })

  it('knows a bundle by content, under any name, from either property list', () => {
    writeSparseBundle(join(root, 'plain folder'))
    writeSparseBundle(join(root, 'Backups.backupbundle'))
    writeSparseBundle(join(root, 'crashed.sparsebundle'))
    write(join(root, 'crashed.sparsebundle/Info.plist'), '')
    writeSparseBundle(join(root, 'lost'))
    write(join(root, 'lost/Info.plist'), 'not a list')
    const found = search(root)
    expect(pathsOf(found)).to.deep.equal(['Backups.backupbundle', 'crashed.sparsebundle', 'lost', 'plain folder'])
    expect(found.images.every(({ recognised }) => recognised)).to.equal(true)
  })

  it('takes no other bundle or folder with an Info.plist for an image', () => {
    write(join(root, 'Some.app/Info.plist'), infoPlist({ type: 'com.example.app' }))
    write(join(root, 'Some.app/token'), '')
    write(join(root, 'half/Info.plist'), infoPlist())
    const found = search(root)
    expect(found.images).to.deep.equal([])
    expect(found.notes).to.deep.equal([])
  })

  it('reports what is named a sparse image or bundle and is none by content', () => {
    writeSparseBundle(join(root, 'a.sparsebundle'))
    write(join(root, 'a.sparsebundle/Info.plist'), '')
    write(join(root, 'a.sparsebundle/Info.bckup'), '')
    write(join(root, 'b.SPARSEIMAGE'), 'rubbish')
    mkdirSync(join(root, 'c.backupbundle'))
    const found = search(root)
    expect(pathsOf(found)).to.deep.equal(['a.sparsebundle', 'b.SPARSEIMAGE', 'c.backupbundle'])
    expect(found.images.map(({ recognised, encryption }) => [recognised, encryption])).to.deep.equal([
      [false, 'unknown'],
      [false, 'unknown'],
      [false, 'unknown'],
    ])
  })

  it('looks for images in a folder that bears only the name of a bundle', () => {
    writeSparseBundle(join(root, 'decoy.sparsebundle/inside.sparsebundle'))
    expect(pathsOf(search(root))).to.deep.equal(['decoy.sparsebundle', 'decoy.sparsebundle/inside.sparsebundle'])
  })

  it('does not walk into a bundle, and does walk into hidden folders', () => {
    writeSparseBundle(join(root, '.bob/bob.sparsebundle'))
    writeSparseImage(join(root, '.bob/bob.sparsebundle/bands/inner.sparseimage'), {})
    expect(pathsOf(search(root))).to.deep.equal(['.bob/bob.sparsebundle'])
  })

  it('tells the encryption of a bundle by its token', () => {
    writeSparseBundle(join(root, '0'), {})
    writeSparseBundle(join(root, '1'), { token: v1Header('one') })
    writeSparseBundle(join(root, '2'), { token: v2Header('two') })
    writeSparseBundle(join(root, '3'), { token: Buffer.alloc(122_368) })
    writeSparseBundle(join(root, '4'), {})
    execFileSync('rm', [join(root, '4/token')])
    expect(search(root).images.map(({ encryption }) => encryption)).to.deep.equal([
      'none',
      'v1',
      'v2',
      'unknown',
      'unknown',
    ])
  })

  it('opens single files by their name, those known before, or all', () => {
    writeSparseImage(join(root, 'a.sparseimage'))
    writeSparseImage(join(root, 'b.DMG'))
    writeSparseImage(join(root, 'c.dmgpart'))
    writeSparseImage(join(root, 'd'))
    writeSparseImage(join(root, 'e.txt'))
    const plain = search(root)
    expect(pathsOf(plain)).to.deep.equal(['a.sparseimage', 'b.DMG', 'c.dmgpart'])
    expect(plain.counts).to.deep.equal({ entries: 5, folders: 1, filesOpened: 3 })
    expect(pathsOf(search(root, { knownPaths: [fromText(join(root, 'd'))] }))).to.deep.equal([
      'a.sparseimage',
      'b.DMG',
      'c.dmgpart',
      'd',
    ])
    expect(pathsOf(search(root, { everyFile: true }))).to.deep.equal([
      'a.sparseimage',
      'b.DMG',
      'c.dmgpart',
      'd',
      'e.txt',
    ])
  })

  it('tells other kinds of image apart and leaves them', () => {
    write(join(root, 'android.dmg'), Buffer.from([0x3a, 0xff, 0x26, 0xed, 0, 0]))
    write(join(root, 'asif.dmg'), 'shdw....')
    write(join(root, 'encrypted.dmg'), v2Header('dmg'))
    write(join(root, 'old.dmg'), v1Header('dmg'))
    write(join(root, 'text.dmg'), 'a letter')
    write(join(root, 'udif.dmg'), trailer('koly'))
    const found = search(root)
    expect(found.images).to.deep.equal([])
    expect(notesOf(found, root)).to.deep.equal(
      ['android', 'asif', 'encrypted', 'old', 'udif'].map((name) => `other-image-kind ${name}.dmg`),
    )
  })

  it('leaves unfinished Time Machine bundles alone, and searches other folders that end like them', () => {
    writeSparseBundle(join(root, 'mac.sparsebundle.incomplete'))
    writeSparseBundle(join(root, 'mac 2020.incomplete'))
    writeSparseBundle(join(root, 'work.incomplete/x.sparsebundle'))
    write(join(root, 'y.sparseimage.incomplete'))
    const found = search(root)
    expect(pathsOf(found)).to.deep.equal(['work.incomplete/x.sparsebundle'])
    expect(notesOf(found, root)).to.deep.equal(
      ['mac 2020', 'mac.sparsebundle', 'y.sparseimage'].map((name) => `incomplete-image ${name}.incomplete`),
    )
  })

  it('follows no link: not to a bundle, a folder, a file, nor for a root', () => {
    const outside = temporaryFolder()
    writeSparseBundle(join(outside, 'x.sparsebundle'))
    writeSparseImage(join(outside, 'y.sparseimage'))
    symlinkSync(outside, join(root, 'folder'))
    symlinkSync(join(outside, 'x.sparsebundle'), join(root, 'x.sparsebundle'))
    symlinkSync(join(outside, 'y.sparseimage'), join(root, 'y.sparseimage'))
    const found = search(root, { everyFile: true })
    expect(found.images).to.deep.equal([])
    expect(found.notes).to.deep.equal([])
    const through = search(join(root, 'folder'))
    expect(through.images).to.deep.equal([])
    expect(through.notes.map(({ code }) => code)).to.deep.equal(['unreadable'])
  })

  it('opens no FIFO, even one named as an image or as a member', () => {
    execFileSync('mkfifo', [join(root, 'a.sparseimage')])
    mkdirSync(join(root, 'b.sparsebundle/bands'), { recursive: true })
    for (const name of ['Info.plist', 'Info.bckup', 'token'])
      execFileSync('mkfifo', [join(root, 'b.sparsebundle', name)])
    const found = search(root, { everyFile: true })
    expect(found.images.map(({ path, recognised }) => [path, recognised])).to.deep.equal([
      [join(root, 'b.sparsebundle'), false],
    ])
  })

  it('keeps names as the bytes they are', () => {
    const names = ['new\nline.sparsebundle', 'caf\u00e9.sparsebundle', 'bell\u0007.sparsebundle']
    const bytes = Buffer.concat([
      Buffer.from(root + '/'),
      Buffer.from([0x63, 0xff, 0xfe]),
      Buffer.from('.sparsebundle'),
    ])
    for (const name of names) writeSparseBundle(join(root, name))
    writeSparseBundle(join(root, 'template'))
    renameSync(join(root, 'template'), bytes)
    const expected = [...names.map((name) => Buffer.from(name).toString('latin1')), 'c\u00ff\u00fe.sparsebundle'].sort()
    expect(pathsOf(search(root))).to.deep.equal(expected)
  })

  it('changes nothing and gives the same answer twice', () => {
    for (const name of ['c', 'a', 'b']) writeSparseBundle(join(root, `${name}.sparsebundle`))
    expect(search(root)).to.deep.equal(search(root))
    expect(pathsOf(search(root))).to.deep.equal(['a.sparsebundle', 'b.sparsebundle', 'c.sparsebundle'])
  })
})
