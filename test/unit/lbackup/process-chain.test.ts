import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { bootId, isAlive, lbackupProcess, lockPid, processIdentity } from '../../../lib/lbackup/process-chain.js'
import { ancestors, findProcess, parsePs, parseStat } from '../../../lib/lbackup/process-list.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const system = realSystem({ platform: 'linux', commandSeconds: 10 })

/** A program that says a line, then waits until its standard input ends. */
async function start(file: string, args: string[] = []): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}
const end = async (child: ChildProcess): Promise<void> => {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.stdin?.end()
  await gone
}

describe('processes', () => {
  it('are read from /proc, whatever their name', async () => {
    const program = join(temporaryFolder(), 'a) S 1 (b')
    copyFileSync('/bin/cat', program)
    chmodSync(program, 0o755)
    const child = spawn(program, ['-', '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] })
    const echoed = new Promise((resolve) => child.stdout.once('data', resolve))
    child.stdin.write('x')
    await echoed
    const found = await findProcess(system, child.pid ?? 0)
    expect(found).to.deep.include({
      pid: child.pid,
      parentPid: process.pid,
      zombie: false,
      argv: [program, '-', '/dev/null'],
    })
    await end(child)
    expect(await findProcess(system, child.pid ?? 0)).to.equal(undefined)
  })
  it('know their ancestors, the parent first', async () => {
    const chain = await ancestors(system)
    expect(chain[0]?.pid).to.equal(process.ppid)
    expect(chain.at(-1)?.parentPid).to.equal(0)
  })
  it('live until they end; a zombie and another start time are dead', async () => {
    const child = await start('/bin/bash', ['-c', 'echo; read -r x'])
    const identity = await processIdentity(system, child.pid)
    if (identity === undefined) throw new Error('the process is not there')
    expect(await isAlive(system, identity)).to.equal(true)
    expect(await isAlive(system, { ...identity, startTime: '1' })).to.equal(false)
    expect(await isAlive(system, { ...identity, bootId: 'another' })).to.equal(false)
    await end(child)
    expect(await isAlive(system, identity)).to.equal(false)
  })
  it('that ended and are not yet asked for are zombies', () => {
    const zombie = parseStat(`12 (x) Z 1 ${'0 '.repeat(17)}77 0`)
    expect(zombie).to.deep.equal({ pid: 12, parentPid: 1, startTime: '77', zombie: true, stopped: false })
  })
  it('have one boot id', async () => {
    expect(await bootId(system)).to.match(/^[0-9a-f-]{36}$/)
  })
  it('are parsed from stat, and nothing is made of junk', () => {
    const text = `12 (a) (b ) S 7 ${'1 '.repeat(17)}99 5\n`
    expect(parseStat(text)).to.deep.equal({ pid: 12, parentPid: 7, startTime: '99', zombie: false, stopped: false })
    expect(parseStat(text.replace(' S ', ' T '))).to.include({ stopped: true })
    for (const junk of ['', '12', '12 (a', '12 (a) S', `x (a) S 7 ${'1 '.repeat(17)}99`])
      expect(parseStat(junk)).to.equal(undefined)
  })
  it('are parsed from ps (assumed format)', () => {
    const text = [
      '    1     0 Ss   Sun Nov 22 21:14:00 2026     /sbin/launchd',
      '  312     1 Z    Sun Nov  2 03:00:01 2026     (diskimages-helper)',
      '  313     1 TN   Sun Nov  2 03:00:01 2026     rsync',
      'junk',
    ].join('\n')
    const found = parsePs(text)
    expect([...found.keys()]).to.deep.equal([1, 312, 313])
    expect(found.get(1)).to.deep.equal({
      ...{ pid: 1, parentPid: 0, startTime: 'Sun Nov 22 21:14:00 2026', zombie: false, stopped: false },
      argv: ['/sbin/launchd'],
    })
    expect(found.get(313)).to.include({ zombie: false, stopped: true })
    expect(found.get(312)).to.include({ zombie: true, startTime: 'Sun Nov 2 03:00:01 2026' })
  })
  it('are asked of ps on macOS, in UTC', async () => {
    const folder = temporaryFolder()
    const ps = join(folder, 'ps')
    const me = String(process.pid)
    writeFileSync(
      ps,
      `#!/bin/bash\n[ "$TZ" = UTC ] || exit 1\ncat <<'END'\n${me} 77 S Sun Nov 22 21:14:00 2026 node\n77 1 S Sun Nov 22 21:13:00 2026 /bin/bash /usr/local/sbin/lbackup /x.conf\nEND\n`,
    )
    chmodSync(ps, 0o755)
    const mac = realSystem({ platform: 'macos', tools: { ps }, commandSeconds: 10 })
    expect((await ancestors(mac)).map(({ pid }) => pid)).to.deep.equal([77])
    expect(await lbackupProcess(mac, fromText(folder))).to.include({ pid: 77, startTime: 'Sun Nov 22 21:13:00 2026' })
    writeFileSync(ps, '#!/bin/bash\nexit 1\n')
    const error = await ancestors(mac).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'process-list-unreadable' })
  })
})

describe('LBackup’s own process', () => {
  const lockText = (pid: number): string =>
    `Process start time (seconds since epoch) : 1\nProcess PID : ${String(pid)}\n`

  it('is read from its lock', () => {
    expect(lockPid(lockText(4711))).to.equal(4711)
    for (const junk of ['', 'Process PID :', 'Process PID : -1', 'Process PID : 1x', 'a\nb\n'])
      expect(lockPid(junk)).to.equal(undefined)
  })
  it('is the lock’s only if it is an ancestor of ours', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'backup_in_progress.lock'), lockText(process.ppid))
    expect((await lbackupProcess(system, fromText(folder)))?.pid).to.equal(process.ppid)
    const stranger = await start('/bin/bash', ['-c', 'echo; read -r x'])
    writeFileSync(join(folder, 'backup_in_progress.lock'), lockText(stranger.pid ?? 0))
    expect((await lbackupProcess(system, fromText(folder)))?.pid).not.to.equal(stranger.pid)
    await end(stranger)
  })
  it('is found by its name without a lock, also through its link', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'bin'))
    const script = join(folder, 'bin/backup_script.bash')
    writeFileSync(script, '#!/bin/bash\nbash -c "echo \\$\\$; read -r x"\n:\n')
    chmodSync(script, 0o755)
    symlinkSync(script, join(folder, 'lbackup'))
    for (const program of [script, join(folder, 'lbackup')]) {
      const host = spawn(program, ['x.conf'], { stdio: ['pipe', 'pipe', 'ignore'] })
      const hook = await new Promise<number>((resolve) =>
        host.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
      )
      expect((await lbackupProcess(system, fromText(folder), hook))?.pid, program).to.equal(host.pid)
      await end(host)
    }
  })
})
