import { chmodSync, lchownSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { openStateFolder, stateFolderPath } from '../../../lib/lbackup/state-folder.js'
import { checkStore, refuseWrongStore, rememberedStore, rememberStore } from '../../../lib/lbackup/store.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const codeOf = (action: () => unknown): string => {
  try {
    action()
    return 'none'
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error.code
  }
}

describe('the state folder', () => {
  it('is named after the real configuration file', () => {
    const folder = temporaryFolder()
    const real = join(folder, 'backup.conf')
    writeFileSync(real, '')
    symlinkSync(real, join(folder, 'link.conf'))
    const id = createHash('sha256').update(real).digest('hex').slice(0, 16)
    const at = (name: string, more: object): string =>
      stateFolderPath({
        configurationFile: fromText(join(folder, name)),
        platform: 'linux',
        root: true,
        environment: {},
        ...more,
      })
    expect(at('backup.conf', {})).to.equal(`/var/lib/lbackup-filevault/${id}`)
    expect(at('link.conf', {})).to.equal(at('backup.conf', {}))
    expect(at('backup.conf', { platform: 'macos' })).to.equal(`/Library/Application Support/lbackup-filevault/${id}`)
    const user = (environment: object): string => at('backup.conf', { root: false, environment })
    expect(user({ XDG_STATE_HOME: '/s', HOME: '/h' })).to.equal(`/s/lbackup-filevault/${id}`)
    expect(user({ XDG_STATE_HOME: 's', HOME: '/h' })).to.equal(`/h/.local/state/lbackup-filevault/${id}`)
    expect(codeOf(() => user({}))).to.equal('state-folder-unknown')
    expect(codeOf(() => at('none.conf', {}))).to.equal('lbackup-configuration-missing')
  })
  it('is made private, and may be opened again', () => {
    const path = join(temporaryFolder(), 'var/lib/lbackup-filevault/0123')
    openStateFolder(fromText(path))
    openStateFolder(fromText(path))
    expect(statSync(path).mode & 0o777).to.equal(0o700)
    expect(statSync(join(path, '..')).mode & 0o777).to.equal(0o700)
  })
  it('is refused where somebody else could have put something into it', () => {
    const folder = temporaryFolder()
    const attempt = (prepare: (path: string) => void): string => {
      const path = join(folder, 'ours/0123')
      rmSync(join(folder, 'ours'), { recursive: true, force: true })
      mkdirSync(join(folder, 'ours'), { mode: 0o700 })
      prepare(path)
      return codeOf(() => openStateFolder(fromText(path)))
    }
    expect(attempt(() => undefined)).to.equal('none')
    expect(attempt((path) => symlinkSync(folder, path))).to.equal('own-folder-unsafe')
    expect(attempt((path) => writeFileSync(path, ''))).to.equal('own-folder-unsafe')
    for (const mode of [0o770, 0o702, 0o777]) {
      const loose = (path: string): void => {
        mkdirSync(path)
        chmodSync(path, mode)
      }
      expect(attempt(loose), mode.toString(8)).to.equal('own-folder-unsafe')
    }
    expect(attempt((path) => chmodSync(join(path, '..'), 0o777))).to.equal('own-folder-unsafe')
    const foreign = (path: string): void => {
      mkdirSync(path)
      lchownSync(path, 4711, 4711)
    }
    expect(attempt(foreign)).to.equal('own-folder-unsafe')
  })
})

describe('the backup disk', () => {
  it('gets an id once, is known by it, and is missed or told apart without it', () => {
    const folder = temporaryFolder()
    const dest = fromText(folder)
    expect(checkStore(dest, undefined, { make: false })).to.deep.equal({ result: 'new' })
    const made = checkStore(dest, undefined)
    expect(made.result).to.equal('new')
    expect(statSync(join(folder, '.lbackup-filevault')).mode & 0o777).to.equal(0o700)
    expect(checkStore(dest, made.id)).to.deep.equal({ result: 'known', id: made.id })
    expect(checkStore(dest, undefined)).to.deep.equal({ result: 'adopted', id: made.id })
    const other = '00000000-0000-4000-8000-000000000000'
    expect(checkStore(dest, other)).to.deep.equal({ result: 'different', id: made.id })
    rmSync(join(folder, '.lbackup-filevault'), { recursive: true })
    expect(checkStore(dest, made.id)).to.deep.equal({ result: 'missing' })
    expect(readdirSync(folder)).to.deep.equal([])
    expect(checkStore(fromText(join(folder, 'none')), undefined)).to.deep.equal({ result: 'missing' })
  })
  it('that is wrong is refused in words that say what to do', () => {
    const dest = fromText('/backup/set')
    for (const result of ['known', 'new', 'adopted'] as const) refuseWrongStore(dest, fromText('/state'), { result })
    expect(codeOf(() => refuseWrongStore(dest, fromText('/state'), { result: 'missing' }))).to.equal(
      'backup-disk-missing',
    )
    expect(codeOf(() => refuseWrongStore(dest, fromText('/state'), { result: 'different' }))).to.equal(
      'backup-disk-different',
    )
    expect(() => refuseWrongStore(dest, fromText('/state'), { result: 'missing' })).to.throw(
      'not mounted, or not the one we know',
    )
  })
  it('with an id that cannot be read is not taken for a new one', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, '.lbackup-filevault'))
    for (const text of ['', '{}', '{"id":7}', 'x'.repeat(70_000)]) {
      writeFileSync(join(folder, '.lbackup-filevault/store.json'), text)
      expect(
        codeOf(() => checkStore(fromText(folder), undefined)),
        text.slice(0, 9),
      ).to.match(/^(store-unreadable|file-too-large)$/)
    }
  })
  it('whose folder of ours is a planted link is refused', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync('elsewhere', join(folder, '.lbackup-filevault'))
    expect(codeOf(() => checkStore(fromText(folder), undefined))).to.equal('own-folder-unsafe')
  })
  it('is remembered in the state folder', () => {
    const state = fromText(temporaryFolder())
    expect(rememberedStore(state)).to.equal(undefined)
    const id = '00000000-0000-4000-8000-000000000000'
    rememberStore(state, id)
    expect(rememberedStore(state)).to.equal(id)
  })
})
