import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { holdPlace } from '../../../lib/keep/section-place.js'
import { openWork } from '../../../lib/keep/work-folder.js'
import { closeFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { lab } from './lab.js'

const nobody = 65_534
const rounds = 12_000

// Puts a folder of root's under the name that root is making, and takes it away again.
const racing = `
  const fs = require('node:fs'); const [home] = process.argv.slice(1)
  process.stdout.write('racing')
  const quietly = (f) => { try { f(); return true } catch { return false } }
  for (;;) {
    if (!quietly(() => fs.renameSync(home + '/bob', home + '/away'))) continue
    quietly(() => fs.renameSync(home + '/secret', home + '/bob'))
    quietly(() => fs.accessSync(home))
    quietly(() => fs.renameSync(home + '/bob', home + '/secret'))
    quietly(() => fs.rmdirSync(home + '/away'))
  }`

describe('folders that are made on the way to a place', () => {
  it('give their owner nothing else that he puts there meanwhile', async function () {
    this.timeout(120_000)
    if (process.geteuid?.() !== 0) skip(this, 'only root can play root and a user')
    const folder = temporaryFolder()
    const disk = lab(folder)
    const home = join(disk.destination, 'Section.0/source')
    const secret = join(home, 'secret')
    rmSync(join(home, 'bob'), { recursive: true })
    mkdirSync(secret, { mode: 0o700 })
    writeFileSync(join(secret, 'note'), 'of root')
    chmodSync(folder, 0o755)
    chownSync(home, nobody, nobody)
    const [zero, work] = [disk.zero(), openWork(fromText(disk.destination), 'race', 'bob')]
    const user = spawn(process.execPath, ['-e', racing, home], {
      uid: nobody,
      gid: nobody,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(user.stdout, 'data')
      for (let round = 0; round < rounds; round += 1) {
        try {
          closeFolder(holdPlace(zero, fromText('source/bob/bob.sparsebundle'), { makeIn: work.folder }).folder)
        } catch (error) {
          if (!(error instanceof OperationalError)) throw error
        }
      }
    } finally {
      user.kill('SIGKILL')
      await once(user, 'exit')
    }
    const secrets = ['secret', 'bob', 'away'].flatMap((one) => {
      const stats = lstatSync(join(home, one), { throwIfNoEntry: false })
      return stats === undefined ? [] : [stats]
    })
    expect(secrets.filter(({ uid, mode }) => uid === 0 && (mode & 0o777) === 0o700)).to.have.length(1)
    expect(statSync(home).uid).to.equal(nobody)
  })
})
