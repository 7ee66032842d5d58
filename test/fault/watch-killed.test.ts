import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { copyPackage } from '../support/fault/package-copy.js'
import { needStrace } from '../support/fault/steps.js'
import { protect } from '../support/protect.js'
import { temporaryFolder } from '../support/temporary.js'
import { night } from '../scenario/support/night.js'
import { backupSet } from '../scenario/support/set.js'
import { gone, journal, quick, told } from '../scenario/support/watched.js'

// All that the watch changes is its journal, a line at a time.
const calls = ['openat', 'write', 'fsync'] as const
const lines = ['begin', 'vanished', 'returned', 'end'] as const

describe('a watch killed with KILL', function () {
  this.timeout(240_000)
  before(function () {
    needStrace(this)
  })

  it('at each step of each line of its journal: told, the copies are judged, the next run works', async () => {
    const set = backupSet()
    const tracedPackage = traced(copyPackage(join(temporaryFolder(), 'package')))
    protect(set.lab, { watch: quick, verify: { level: 'structure' } }, { package: tracedPackage.folder })
    const [here, away] = [set.image(), `${set.image()}.away`]
    for (const [at, line] of lines.entries()) {
      for (const call of calls) {
        const when = `${call} of ${line}`
        tracedPackage.killAt(call, at + 1)
        /** Does something, and waits for its line, or for the end of the watch where that is what the line brings. */
        const step = async (own: (typeof lines)[number], act: () => void): Promise<boolean> => {
          const watcher = own === 'begin' ? undefined : journal(set).process?.pid
          act()
          if (line !== own) await told(set, new RegExp(`"${own}"`))
          else if (watcher !== undefined) await gone(watcher)
          return line !== own
        }
        const result = await night('ours', set.lab, set.stateFolder, {
          at: {
            'before-rsync': async () => {
              if (!(await step('begin', () => undefined))) return
              if (!(await step('vanished', () => renameSync(here, away)))) return renameSync(away, here)
              await step('returned', () => renameSync(away, here))
            },
          },
        })
        expect(result.exitCode, when).to.equal(0)
        // The last line was written when it was to be brought to the disk.
        const whole = line === 'end' && call === 'fsync'
        expect(result.codes, when).to.deep.equal(whole ? [] : ['watch-ended-early'])
        expect(result.image('bob.sparsebundle'), when).to.include({ verdict: 'suspect', loudness: 'warning' })
        const written = call === 'fsync' ? at : at - 1
        expect(result.image('bob.sparsebundle').reason, when).to.contain(
          written < 1 ? 'was not watched to the end' : 'was at none of its places',
        )
        expect(result.image('bob.sparsebundle').reason.includes('came back'), when).to.equal(written >= 2)
      }
    }
    tracedPackage.killAt('write', 99)
    const good = await night('ours', set.lab, set.stateFolder)
    expect(good.codes).to.deep.equal([])
    expect(good.image('bob.sparsebundle')).to.include({ verdict: 'complete' })
  })
})

/** Given a copy of the package, let its watch run under strace, which kills it when it is about to touch its journal. */
function traced(folder: string): { folder: string; killAt: (call: string, count: number) => void } {
  const [program, real, order] = ['watch.js', 'watched.js', 'kill.json'].map((name) => join(folder, 'dist/hooks', name))
  renameSync(program as string, real as string)
  writeFileSync(
    program as string,
    [
      "import { spawn } from 'node:child_process'",
      "import { readFileSync } from 'node:fs'",
      `const { call, count } = JSON.parse(readFileSync(${JSON.stringify(order)}, 'utf8'))`,
      'const [order] = process.argv.slice(2)',
      "const only = ['-qq', '-o', '/dev/null', '-P', `${order}l`, '-e', `inject=${call}:signal=SIGKILL:when=${count}`]",
      `spawn('strace', [...only, process.execPath, ${JSON.stringify(real)}, order], { stdio: 'ignore' })`,
    ].join('\n'),
  )
  return {
    folder,
    killAt: (call, count) => writeFileSync(order as string, JSON.stringify({ call, count })),
  }
}
