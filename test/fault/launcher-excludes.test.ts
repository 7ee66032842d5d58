import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { administrators, launcherBench, shells, type LauncherBench } from '../support/fault/launcher-bench.js'
import { needStrace } from '../support/fault/steps.js'

/** A process number that nobody has. */
const gone = (): number => spawnSync('/bin/true').pid

/** Runs `use` while another process lives, which is no ancestor of a launcher. */
async function withStranger(use: (pid: number) => Promise<void>): Promise<void> {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
  try {
    await use(stranger.pid ?? 0)
  } finally {
    stranger.kill('SIGKILL')
  }
}

const missing = { node: '/no/such/node' }

for (const shell of shells) {
  describe(`what the launcher does to the excludes file under ${shell.join(' ')}`, function () {
    this.timeout(60_000)

    it('takes the block of a dead LBackup out before anything else, even where Node is missing', async () => {
      const bench = launcherBench()
      bench.putBlock(gone())
      chmodSync(bench.excludesFile, 0o640)
      bench.nodeIs(`grep -c filevault '${bench.excludesFile}' >'${bench.folder}/seen'; exit 100`)
      expect((await bench.run('pre', { shell })).code).to.equal(0)
      expect(bench.excludes()).to.equal(administrators)
      expect(statSync(bench.excludesFile).mode & 0o777).to.equal(0o640)
      bench.putBlock(gone())
      expect((await bench.run('pre', { shell, ...missing })).code).to.equal(129)
      expect(bench.excludes()).to.equal(administrators)
      expect(readdirSync(bench.configurationFolder).sort()).to.deep.equal(['backup.log', 'excludes.txt'])
    })

    it('leaves the block of another LBackup that runs, however it ends itself', async () => {
      await withStranger(async (pid) => {
        for (const end of ['exit 100', 'exit 102', 'exit 70', 'kill -TERM $PPID; exec sleep 60']) {
          for (const phase of ['pre', 'post'] as const) {
            const bench = launcherBench()
            bench.putBlock(pid)
            const before = bench.excludes()
            bench.nodeIs(end)
            await bench.run(phase, { shell })
            expect(bench.excludes(), `${phase} ${end}`).to.equal(before)
            expect((await bench.run(phase, { shell, ...missing })).code).to.equal(phase === 'pre' ? 129 : 1)
            expect(bench.excludes(), phase).to.equal(before)
          }
        }
        const bench = launcherBench()
        bench.putBlock(pid)
        // To go on without care would copy by another's block.
        expect((await bench.run('pre', { shell, onCrash: 'continue', ...missing })).code).to.equal(129)
      })
    })

    it('leaves the block of this LBackup where the backup goes on, and takes it out where it does not', async () => {
      const ends = [
        ['pre', 'exit 100', true],
        ['pre', 'exit 101', true],
        ['pre', 'exit 102', false],
        ['pre', 'exit 70', false],
        ['post', 'exit 100', false],
        ['post', 'exit 101', false],
      ] as const
      for (const [phase, end, stays] of ends) {
        const bench = launcherBench()
        bench.putBlock(process.pid)
        bench.nodeIs(end)
        await bench.run(phase, { shell })
        expect(bench.blockInForce(), `${phase} ${end}`).to.equal(stays)
      }
    })

    it('a link stays a link, also to another folder; the file behind it is cleaned', async () => {
      for (const [link, real] of [
        ['real.txt', 'config/real.txt'],
        ['../elsewhere/real.txt', 'elsewhere/real.txt'],
      ] as const) {
        const bench = launcherBench()
        mkdirSync(join(bench.folder, 'elsewhere'))
        bench.putBlock(gone())
        renameSync(bench.excludesFile, join(bench.folder, real))
        symlinkSync(link, bench.excludesFile)
        await bench.run('pre', { shell, ...missing })
        expect(lstatSync(bench.excludesFile).isSymbolicLink()).to.equal(true)
        expect(bench.excludes()).to.equal(administrators)
      }
    })

    it('one with a second name or NUL bytes is not touched, and it is said', async () => {
      const changes: [string, (bench: LauncherBench) => void][] = [
        ['second name', (bench) => linkSync(bench.excludesFile, join(bench.configurationFolder, 'other'))],
        ['NUL bytes', (bench) => writeFileSync(bench.excludesFile, `${bench.excludes()}\0x\n`)],
      ]
      for (const [what, make] of changes) {
        const bench = launcherBench()
        bench.putBlock(gone())
        make(bench)
        const before = bench.excludes()
        bench.nodeIs('exit 100')
        expect((await bench.run('pre', { shell })).code, what).to.equal(0)
        expect((await bench.run('pre', { shell, onCrash: 'continue', ...missing })).code, what).to.equal(129)
        expect(bench.log(), what).to.contain('Our lines could not be taken out of')
        expect(bench.excludes(), what).to.equal(before)
      }
    })

    it('a missing, empty, dangling or unreadable one, or none at all, is nobody’s business here', async () => {
      const changes: [string, (bench: LauncherBench) => void][] = [
        ['missing', (bench) => rmSync(bench.excludesFile)],
        ['empty', (bench) => writeFileSync(bench.excludesFile, '')],
        ['dangling', (bench) => (rmSync(bench.excludesFile), symlinkSync('nowhere', bench.excludesFile))],
        ['a loop', (bench) => (rmSync(bench.excludesFile), symlinkSync('excludes.txt', bench.excludesFile))],
        ['a folder', (bench) => (rmSync(bench.excludesFile), mkdirSync(bench.excludesFile))],
        ['a FIFO', (bench) => (rmSync(bench.excludesFile), spawnSync('mkfifo', [bench.excludesFile]))],
        ['read-only', (bench) => chmodSync(bench.excludesFile, 0o444)],
      ]
      for (const [what, make] of changes) {
        const bench = launcherBench()
        make(bench)
        expect((await bench.run('pre', { shell })).code, what).to.equal(0)
      }
    })

    it('another name in LBackup’s own environment counts', async () => {
      const bench = launcherBench()
      bench.putBlock(gone())
      renameSync(bench.excludesFile, join(bench.configurationFolder, 'mine.txt'))
      await bench.run('pre', { shell, environment: { excludes_filename: 'mine.txt' } })
      renameSync(join(bench.configurationFolder, 'mine.txt'), bench.excludesFile)
      expect(bench.excludes()).to.equal(administrators)
    })

    it('killed at any moment of it, leaves the file whole, with the block or without', async function () {
      needStrace(this)
      let moments = 0
      // A shell starts programs in more than one way, and strace counts each by itself.
      for (const call of ['clone', 'clone3', 'vfork']) {
        for (let count = 1; ; count += 1) {
          const bench = launcherBench()
          bench.putBlock(gone())
          const before = bench.excludes()
          const inject = `inject=${call}:signal=SIGKILL:when=${String(count)}`
          const through = ['strace', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject]
          const { code } = await bench.run('pre', { shell, through, ...missing })
          if (code === 129) break
          moments += 1
          expect([before, administrators], `${call} ${String(count)}`).to.include(bench.excludes())
          expect((await bench.run('pre', { shell, ...missing })).code).to.equal(129)
          expect(bench.excludes(), `${call} ${String(count)}`).to.equal(administrators)
        }
      }
      expect(moments).to.be.greaterThan(10)
      ;(this.test as Mocha.Runnable).title += ` (${String(moments)} moments)`
    })
  })

  describe(`what the launcher does to the log under ${shell.join(' ')}`, () => {
    const crashed = (bench: LauncherBench) => bench.run('pre', { shell, ...missing })

    it('appends to a file, and to the file behind a link', async () => {
      const bench = launcherBench()
      renameSync(bench.logFile, join(bench.folder, 'elsewhere.log'))
      symlinkSync('../elsewhere.log', bench.logFile)
      expect((await crashed(bench)).code).to.equal(129)
      expect(bench.log()).to.match(/^header\nlbackup-filevault: ERROR! Node is no longer/)
    })

    it('makes none, and waits for no FIFO', async () => {
      const changes: [string, (bench: LauncherBench) => void][] = [
        ['missing', (bench) => rmSync(bench.logFile)],
        ['a FIFO', (bench) => (rmSync(bench.logFile), spawnSync('mkfifo', [bench.logFile]))],
        ['a folder', (bench) => (rmSync(bench.logFile), mkdirSync(bench.logFile))],
        ['a dangling link', (bench) => (rmSync(bench.logFile), symlinkSync('nowhere', bench.logFile))],
        ['a device', (bench) => (rmSync(bench.logFile), symlinkSync('/dev/full', bench.logFile))],
      ]
      for (const [what, make] of changes) {
        const bench = launcherBench()
        make(bench)
        const { code, output } = await crashed(bench)
        expect(code, what).to.equal(129)
        expect(output, what).to.contain('ERROR! Node is no longer')
      }
    })
  })
}
