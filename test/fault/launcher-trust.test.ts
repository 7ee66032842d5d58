import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { launcherBench, shells, type LauncherBench } from '../support/fault/launcher-bench.js'

const stranger = 12345

/** Changes one thing about a bench; returns what the refusal must name. */
type Weakness = readonly [what: string, make: (bench: LauncherBench) => string]

const weaknesses: readonly Weakness[] = [
  ['Node that everybody may write', ({ node }) => (chmodSync(node, 0o757), node)],
  ['Node that its group may write', ({ node }) => (chmodSync(node, 0o775), node)],
  ['Node that everybody may write, with the sticky bit', ({ node }) => (chmodSync(node, 0o1757), node)],
  ['Node that belongs to another', ({ node }) => (chownSync(node, stranger, 0), node)],
  ['a folder above Node that everybody may write', ({ folder }) => (chmodSync(folder, 0o777), folder)],
  ['a folder above Node that its group may write', ({ folder }) => (chmodSync(folder, 0o775), folder)],
  ['a folder above Node that belongs to another', ({ folder }) => (chownSync(folder, stranger, 0), folder)],
  [
    'a sticky folder above Node that belongs to another',
    ({ folder }) => {
      chownSync(folder, stranger, 0)
      chmodSync(folder, 0o1777)
      return folder
    },
  ],
  ['the package’s folder', (bench) => (chmodSync(bench.package, 0o777), bench.package)],
  ['the programs’ folder', (bench) => weak(join(bench.package, 'dist/hooks'))],
  ['the hook itself', (bench) => weak(join(bench.package, 'dist/hooks/pre-backup.js'))],
  ['a file beside the hook', (bench) => weak(write(join(bench.package, 'dist/hooks/chunk.js')))],
  ['package.json', (bench) => weak(join(bench.package, 'package.json'))],
  [
    'a file beside the hook that belongs to another',
    (bench) => {
      const file = write(join(bench.package, 'dist/hooks/chunk.js'))
      chownSync(file, stranger, stranger)
      return file
    },
  ],
  [
    'a folder in which a link to Node lies',
    (bench) => {
      const open = join(bench.folder, 'open')
      mkdirSync(open)
      chmodSync(open, 0o777)
      renameSync(bench.node, join(bench.folder, 'real-node'))
      symlinkSync(join(bench.folder, 'real-node'), join(open, 'node'))
      symlinkSync('open/node', bench.node)
      return open
    },
  ],
  [
    'a folder above the one to which a linked folder leads',
    (bench) => {
      const open = join(bench.folder, 'open')
      mkdirSync(join(open, 'v20'), { recursive: true })
      renameSync(bench.node, join(open, 'v20/node'))
      chmodSync(open, 0o777)
      symlinkSync('open/v20', join(bench.folder, 'current'))
      symlinkSync('current/node', bench.node)
      return open
    },
  ],
]

const weak = (path: string): string => (chmodSync(path, 0o777), path)
const write = (path: string): string => (writeFileSync(path, ''), path)

for (const shell of shells) {
  describe(`whom the launcher trusts under ${shell.join(' ')}`, function () {
    this.timeout(60_000)
    it('nobody else who could change what root runs: halted with 129, named, and Node is not started', async () => {
      for (const [what, make] of weaknesses) {
        const bench = launcherBench()
        bench.nodeIs(`echo started >>'${bench.logFile}'; exit 100`)
        const named = make(bench)
        expect((await bench.run('pre', { shell })).code, what).to.equal(129)
        expect(bench.log(), what).to.contain(`may write ${named}`)
        expect(bench.log(), what).not.to.contain('started')
      }
    })

    it('a folder such as /tmp, with the sticky bit, of root', async () => {
      const bench = launcherBench()
      chmodSync(dirname(bench.folder), 0o1777)
      expect(await bench.run('pre', { shell })).to.deep.equal({ code: 0, output: '' })
    })

    it('links of root, relative and absolute, in a chain', async () => {
      const bench = launcherBench()
      mkdirSync(join(bench.folder, 'v20'))
      renameSync(bench.node, join(bench.folder, 'v20/node'))
      symlinkSync('v20', join(bench.folder, 'current'))
      symlinkSync(join(bench.folder, 'current/node'), join(bench.folder, 'second'))
      symlinkSync('second', bench.node)
      expect(await bench.run('pre', { shell })).to.deep.equal({ code: 0, output: '' })
    })

    it('nothing that is not there: Node, package and program missing are named', async () => {
      const cases: [string, (bench: LauncherBench) => void, string][] = [
        ['Node', ({ node }) => rmSync(node), 'Node is no longer at'],
        ['Node as a folder', ({ node }) => (rmSync(node), mkdirSync(node)), 'Node is no longer at'],
        ['Node not executable', ({ node }) => chmodSync(node, 0o644), 'Node is no longer at'],
        ['Node as a dangling link', ({ node }) => (rmSync(node), symlinkSync('nowhere', node)), 'Node is no longer at'],
        ['Node as a loop of links', ({ node }) => (rmSync(node), symlinkSync(node, node)), 'Node is no longer at'],
        ['package', (bench) => rmSync(bench.package, { recursive: true }), 'The program is no longer at'],
        ['dist', (bench) => rmSync(join(bench.package, 'dist'), { recursive: true }), 'The program is no longer at'],
        [
          'package.json',
          (bench) => rmSync(join(bench.package, 'package.json')),
          'It cannot be found out who may write',
        ],
      ]
      for (const [what, make, sentence] of cases) {
        const bench = launcherBench()
        make(bench)
        expect((await bench.run('pre', { shell })).code, what).to.equal(129)
        expect((await bench.run('post', { shell })).code, what).to.equal(1)
        expect((await bench.run('pre', { shell, onCrash: 'continue' })).code, what).to.equal(1)
        expect(bench.log(), what).to.contain(`ERROR! ${sentence}`)
      }
    })

    it('no variable of the caller that would change what Node runs', async () => {
      const bench = launcherBench()
      const canary = join(bench.folder, 'canary.cjs')
      const bin = join(bench.folder, 'bin')
      mkdirSync(bin)
      writeFileSync(canary, `require('node:fs').appendFileSync('${bench.logFile}', 'CANARY\\n')\n`)
      for (const name of ['find', 'id', 'env', 'node', 'sed', 'grep', 'dirname']) {
        writeFileSync(join(bin, name), `#!/bin/sh\necho CANARY >>'${bench.logFile}'\n`)
        chmodSync(join(bin, name), 0o755)
      }
      writeFileSync(
        join(bench.package, 'dist/hooks/pre-backup.js'),
        `require('node:fs').writeFileSync('${bench.folder}/environment', JSON.stringify(process.env)); process.exit(100)`,
      )
      const environment = {
        NODE_OPTIONS: `--require ${canary}`,
        NODE_PATH: bench.folder,
        PATH: bin,
        LD_PRELOAD: join(bench.folder, 'no-such-library.so'),
        LD_LIBRARY_PATH: bench.folder,
        DYLD_INSERT_LIBRARIES: 'x',
        BASH_ENV: canary,
        ENV: canary,
        CDPATH: bench.folder,
        IFS: '/',
        HOME: '/root',
        backupSource: '/a b/$(touch /never)/"quoted" \'single\' `x`\nsecond line',
      }
      const { code } = await bench.run('pre', {
        shell: [`/usr/bin/${shell[0] ?? ''}`, ...shell.slice(1)],
        environment,
        node: process.execPath,
      })
      expect(code).to.equal(0)
      expect(bench.log()).not.to.contain('CANARY')
      const seen = JSON.parse(readFileSync(join(bench.folder, 'environment'), 'utf8')) as Record<string, string>
      expect(Object.keys(seen).sort()).to.deep.equal([
        'HOME',
        'LC_ALL',
        'PATH',
        'backupConfigurationFilePath',
        'backupConfigurationFolderPath',
        'backupSource',
        'logFile',
      ])
      expect(seen['PATH']).to.equal('/usr/bin:/bin:/usr/sbin:/sbin')
      expect(seen['backupSource']).to.equal(environment.backupSource)
    })

    it('names with blanks, quotes and signs', async () => {
      for (const name of ['with blanks', "it's", 'a "b" $c `d` \\e', '-n', 'é ü']) {
        const bench = launcherBench(name)
        expect(await bench.run('pre', { shell }), name).to.deep.equal({ code: 0, output: '' })
        bench.nodeIs('exit 70')
        bench.putBlock(process.pid)
        expect((await bench.run('pre', { shell })).code, name).to.equal(129)
        expect(bench.blockInForce(), name).to.equal(false)
        expect(bench.log(), name).to.contain('ended unexpectedly')
      }
    })
  })
}
