import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { linkAll } from '../../../lib/system/folder-looks.js'
import { withFolder } from '../../../lib/system/folder.js'
import { steadyPath } from '../../../lib/system/steady-path.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('the steady path of a held folder', () => {
  let folder: string
  let path: string

  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
  })
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder, 'backups/ours')
    mkdirSync(path, { recursive: true })
  })
  const steady = (): string | undefined => withFolder(fromText(path), steadyPath)

  it('is its own where all on the way is ours', () => {
    expect(steady()).to.equal(path)
  })

  it('is not known where others may write in a folder on the way, or in itself', () => {
    for (const place of [path, join(folder, 'backups'), folder]) {
      const { mode } = statSync(place)
      for (const bits of [0o775, 0o757]) {
        chmodSync(place, bits)
        expect(steady(), `${place} ${bits.toString(8)}`).to.be.undefined
      }
      chmodSync(place, mode)
    }
    expect(steady()).to.equal(path)
  })

  it('leads through a folder where others may write but not move', () => {
    chmodSync(join(folder, 'backups'), 0o1777)
    expect(steady()).to.equal(path)
    chmodSync(path, 0o1777)
    expect(steady(), 'others may write in the folder itself').to.be.undefined
  })

  it('is not known where a folder on the way is another user’s', function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root')
    for (const place of [path, join(folder, 'backups')]) {
      chownSync(place, 12345, 0)
      expect(steady(), place).to.be.undefined
      chownSync(place, 0, 0)
    }
  })

  it('follows a folder that was moved, and is not known of one that is gone', () => {
    const moved = join(folder, 'moved')
    withFolder(fromText(path), (held) => {
      renameSync(join(folder, 'backups'), moved)
      expect(steadyPath(held)).to.equal(join(moved, 'ours'))
      rmdirSync(join(moved, 'ours'))
      expect(steadyPath(held)).to.be.undefined
    })
  })

  for (const mode of [0o700, 0o777]) {
    it(`files are linked into a folder of mode ${mode.toString(8)}, whatever their names`, () => {
      const from = join(folder, 'from')
      mkdirSync(from)
      const names = ['0', 'b', 'Zoë', 'a\nb']
      for (const name of names) writeFileSync(join(from, name), name)
      chmodSync(path, mode)
      withFolder(fromText(from), (original) => {
        withFolder(fromText(path), (to) => {
          linkAll(original, names.map(fromText), to, (_, error) => error)
          const again = (): void => linkAll(original, ['b' as RawPath], to, (name) => new Error(`not ${name}`))
          expect(again).to.throw('not b')
        })
      })
      expect(readdirSync(path).sort()).to.deep.equal([...names].sort())
      for (const name of names) expect(statSync(join(path, name)).ino).to.equal(statSync(join(from, name)).ino)
    })
  }
})
