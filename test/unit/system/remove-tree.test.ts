import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { withFolder } from '../../../lib/system/folder.js'
import { removeTreeIn } from '../../../lib/system/remove-tree.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { smallDisk, unmountSmallDisks } from '../../support/fault/small-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

const nobody = 65_534

// Holds the folder of its first argument open, and puts links there to that of the second, under names it just had.
const racing = `
  const fs = require('node:fs'); const [tree, decoy] = process.argv.slice(1)
  process.chdir(tree); process.stdout.write('racing')
  const quietly = (f) => { try { f() } catch {} }
  for (;;) {
    quietly(() => fs.mkdirSync('a')); quietly(() => fs.mkdirSync('a/b')); quietly(() => fs.writeFileSync('a/b/precious', ''))
    quietly(() => fs.renameSync('a', 'c')); quietly(() => fs.symlinkSync(decoy, 'a'))
    quietly(() => fs.unlinkSync('a')); quietly(() => fs.renameSync('c', 'a'))
  }`

describe('removing a tree', () => {
  let root: string
  let decoy: string
  const remove = (name = 'tree'): void => withFolder(fromText(root), (folder) => removeTreeIn(folder, name as RawPath))
  const refusal = (): string => {
    try {
      remove()
    } catch (error) {
      if (error instanceof OperationalError) return `${error.code}: ${error.message}`
      throw error
    }
    return ''
  }

  beforeEach(() => {
    root = temporaryFolder()
    decoy = join(root, 'decoy')
    mkdirSync(join(decoy, 'b'), { recursive: true })
    for (const path of ['precious', 'b/precious']) writeFileSync(join(decoy, path), 'precious')
  })
  afterEach(unmountSmallDisks)

  const expectDecoy = (): void => {
    const all = readdirSync(decoy, { recursive: true, encoding: 'utf8' }).sort()
    expect(all).to.deep.equal(['b', 'b/precious', 'precious'])
  }

  it('takes all of it, and nothing that links in it lead to', () => {
    mkdirSync(join(root, 'tree/x/y'), { recursive: true })
    writeFileSync(join(root, 'tree/x/y/file'), '')
    symlinkSync(decoy, join(root, 'tree/x/y/link'))
    execFileSync('mkfifo', [join(root, 'tree/x/fifo')])
    remove()
    symlinkSync(decoy, join(root, 'tree'))
    remove()
    remove('never there')
    expect(readdirSync(root)).to.deep.equal(['decoy'])
    expectDecoy()
  })

  it('refuses to leave the file system, or to go down without end', function () {
    mkdirSync(join(root, 'tree', 'd/'.repeat(300)), { recursive: true })
    expect(refusal()).to.match(/^not-removed: .*deep/)
    execFileSync('rm', ['-r', join(root, 'tree')])
    mkdirSync(join(root, 'tree/disk'), { recursive: true })
    smallDisk(this, join(root, 'tree/disk'))
    writeFileSync(join(root, 'tree/disk/precious'), '')
    expect(refusal()).to.match(/^not-removed: .*tree\/disk is another file system/)
    expect(existsSync(join(root, 'tree/disk/precious'))).to.be.true
  })

  it('goes nowhere else though its user plants links in it all the while', async function () {
    this.timeout(120_000)
    if (process.geteuid?.() !== 0) skip(this, 'only root can play root and a user')
    chmodSync(root, 0o755)
    const store = join(root, 'store')
    for (const path of [store, join(store, 'home')]) mkdirSync(path)
    // What he could reach, root could remove for him.
    chmodSync(decoy, 0o777)
    chownSync(join(store, 'home'), nobody, nobody)
    const user = spawn(process.execPath, ['-e', racing, join(store, 'home'), decoy], {
      uid: nobody,
      gid: nobody,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let [emptied, refused] = [0, 0]
    try {
      await once(user.stdout, 'data')
      withFolder(fromText(join(store, 'home')), (home) => {
        // On a busy machine he gets his turn late.
        for (let round = 0; round < 4000 || (refused === 0 && round < 1_000_000); round += 1) {
          try {
            removeTreeIn(home, 'a' as RawPath)
            emptied += 1
          } catch (error) {
            if (!(error instanceof OperationalError)) throw error
            refused += 1
          }
        }
      })
    } finally {
      user.kill('SIGKILL')
      await once(user, 'exit')
    }
    expect(emptied).to.be.above(100)
    expect(refused, 'rounds in which he was in the way').to.be.above(0)
    expectDecoy()
  })
})
