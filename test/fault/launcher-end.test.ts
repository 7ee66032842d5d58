import { closeSync, openSync } from 'node:fs'
import { expect } from 'chai'
import { administrators, launcherBench, shells, type LauncherBench } from '../support/fault/launcher-bench.js'
import { until, untilGone } from '../support/fault/until.js'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// What LBackup does with an exit code: 129 halts it, everything else lets it go on.

for (const shell of shells) {
  describe(`how the launcher ends under ${shell.join(' ')}`, function () {
    this.timeout(60_000)
    const run = (bench: LauncherBench, phase: 'pre' | 'post', onCrash: 'halt' | 'continue' = 'halt') =>
      bench.run(phase, { shell, onCrash })

    it('with the answers of our own program, and with no other', async () => {
      const bench = launcherBench()
      const answers = [
        ['pre', 100, 0],
        ['pre', 101, 1],
        ['pre', 102, 129],
        ['post', 100, 0],
        ['post', 101, 1],
      ] as const
      for (const [phase, answer, code] of answers) {
        bench.nodeIs(`exit ${String(answer)}`)
        expect(await run(bench, phase), `${phase} ${String(answer)}`).to.deep.equal({ code, output: '' })
      }
      expect(bench.log()).to.equal('header\n')
    })

    it('with 129 or 1 after any other exit code or signal of Node, saying so', async () => {
      const all = [0, 1, 2, 13, 70, 99, 103, 126, 127, 128, 129, 130, 137, 200, 255]
      const codes = shell === shells[0] ? all : [0, 1, 70, 129]
      for (const end of [
        ...codes.map((code) => `exit ${String(code)}`),
        'kill -SEGV $$',
        'kill -KILL $$',
        'kill -HUP $$',
      ]) {
        const bench = launcherBench()
        bench.nodeIs(end)
        bench.putBlock(process.pid)
        expect((await run(bench, 'pre')).code, end).to.equal(129)
        expect(bench.excludes(), end).to.equal(administrators)
        expect(bench.log(), end).to.match(/ERROR! The pre-backup hook ended unexpectedly.*The backup is halted/)
        expect((await run(bench, 'pre', 'continue')).code, end).to.equal(1)
        expect(bench.log(), end).to.match(/ERROR! .*The backup goes on without any care for disk images/)
        bench.putBlock(process.pid)
        expect((await run(bench, 'post')).code, end).to.equal(1)
        expect(bench.excludes(), end).to.equal(administrators)
        expect(bench.log(), end).to.match(/ERROR! The post-backup hook ended unexpectedly.*not checked/)
      }
    })

    it('with 129 although onCrash says continue, where a block cannot be taken out', async () => {
      const bench = launcherBench()
      bench.nodeIs('exit 70')
      bench.putBlock(process.pid)
      // mv finds a folder where it wants to put the file; so does everybody else.
      const answer = await bench.run('pre', {
        shell,
        onCrash: 'continue',
        edit: (text) => text.replace('if mv -f', 'if false mv -f'),
      })
      expect(answer.code).to.equal(129)
      expect(answer.output).to.contain('Our lines could not be taken out of')
      expect(bench.blockInForce()).to.equal(true)
    })

    it('after any signal with 129 or 1, Node gone and the block out', async () => {
      const all = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGALRM'] as const
      for (const signal of shell === shells[0] ? all : (['SIGTERM', 'SIGHUP', 'SIGINT'] as const)) {
        for (const [phase, code] of [
          ['pre', 129],
          ['post', 1],
        ] as const) {
          for (const to of ['process', 'group'] as const) {
            const when = `${signal} to the ${to}, ${phase}`
            const bench = launcherBench()
            const pid = join(bench.folder, 'pid')
            bench.putBlock(process.pid)
            bench.nodeIs(`echo $$ >'${pid}.new'; mv '${pid}.new' '${pid}'; exec sleep 60`)
            const { child, ended } = bench.start(phase, { shell })
            await until('Node', () => existsSync(pid))
            process.kill(to === 'group' ? -(child.pid ?? 0) : (child.pid ?? 0), signal)
            expect((await ended).code, when).to.equal(code)
            await untilGone(Number(readFileSync(pid, 'utf8')))
            expect(bench.excludes(), when).to.equal(administrators)
            expect(bench.log(), when).to.match(
              signal === 'SIGALRM'
                ? /ERROR! .* did not end within/
                : /ERROR! The \w+-backup hook was ended by a signal/,
            )
          }
        }
      }
    })

    it('after a signal before Node was started with 129, and Node is never started', async () => {
      const bench = launcherBench()
      bench.nodeIs(`touch '${bench.folder}/started'; exit 100`)
      // The launcher sends the signal itself: so the moment is always the same.
      const edit = (text: string): string =>
        text.replace('\nrefuse_chain "$node"', () => '\nkill -TERM $$\nrefuse_chain "$node"')
      expect((await bench.run('pre', { shell, edit })).code).to.equal(129)
      expect(existsSync(`${bench.folder}/started`)).to.equal(false)
      expect(bench.log()).to.contain('ended by a signal (TERM)')
    })

    it('when Node takes too long, without waiting for one that does not even die', async () => {
      const bench = launcherBench()
      const pid = join(bench.folder, 'pid')
      bench.nodeIs(`trap '' TERM; echo $$ >'${pid}'; exec sleep 60`)
      bench.putBlock(process.pid)
      const edit = (text: string): string => text.replace(/^limit_seconds=.*$/m, 'limit_seconds=1')
      expect((await bench.run('pre', { shell, edit })).code).to.equal(129)
      expect(bench.log()).to.match(/ERROR! The pre-backup hook did not end within 1 seconds/)
      expect(bench.excludes()).to.equal(administrators)
      await untilGone(Number(readFileSync(pid, 'utf8')))
    })

    it('leaves nobody behind who keeps our output open', async () => {
      const bench = launcherBench()
      // `close` comes only when the last writer of the pipe is gone.
      expect(await run(bench, 'pre')).to.deep.equal({ code: 0, output: '' })
    })

    it('with 129 when the shell itself can go no further', async () => {
      const bench = launcherBench()
      const codes: number[] = []
      // With fewer than 12 a shell cannot even open its script; with so few, busybox ends with 1 whatever its traps say.
      for (const limit of shell[0] === 'busybox' ? [] : [12, 13, 14]) {
        const through = ['sh', '-c', `ulimit -n ${String(limit)} && exec "$@"`, 'sh']
        codes.push((await bench.run('pre', { shell, through })).code)
      }
      for (const code of codes) expect(code === 0 || code === 129, codes.join(' ')).to.equal(true)
      const broken = await bench.run('pre', { shell, edit: (text) => text.replace('\nuid=', '\n: "$never_set"\nuid=') })
      expect(broken.code).to.equal(129)
      expect(
        (await bench.run('post', { shell, edit: (text) => text.replace('\nuid=', '\n: "$never_set"\nuid=') })).code,
      ).to.equal(1)
    })

    it('with 129 when nobody reads what it says, or that cannot be written', async () => {
      const bench = launcherBench()
      bench.nodeIs('exit 70')
      const { child, ended } = bench.start('pre', { shell })
      child.stdout?.destroy()
      child.stderr?.destroy()
      expect((await ended).code).to.equal(129)
      const full = openSync('/dev/full', 'w')
      expect((await bench.run('pre', { shell, stdout: full })).code).to.equal(129)
      closeSync(full)
    })

    it('in a self test always with 129', async () => {
      const bench = launcherBench()
      const environment = { lbackup_filevault_self_test: 'YES' }
      for (const phase of ['pre', 'post'] as const) {
        bench.nodeIs('exit 100')
        expect(await bench.run(phase, { shell, environment })).to.deep.equal({
          code: 129,
          output: `lbackup-filevault: self test passed (${phase})\n`,
        })
        for (const end of ['exit 0', 'exit 1', 'exit 70', 'exit 101', 'kill -KILL $$']) {
          bench.nodeIs(end)
          const { code, output } = await bench.run(phase, { shell, environment, onCrash: 'continue' })
          expect(code, `${phase} ${end}`).to.equal(129)
          expect(output).not.to.contain('passed')
        }
      }
      expect((await bench.run('pre', { shell, environment, onCrash: 'continue', node: '/no/node' })).code).to.equal(129)
    })
  })
}
