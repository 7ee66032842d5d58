import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { launcherNames } from '../../lib/install/launcher.js'
import { blockLines } from '../../lib/link/markers.js'
import { readRecord } from '../../lib/run/record.js'
import { fromText } from '../../lib/text/raw-path.js'
import {
  announcements,
  blockInForce,
  excludes,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  leftOvers,
  night,
  type FaultLab,
} from '../support/fault/night.js'
import { copyPackage } from '../support/fault/package-copy.js'
import { protect } from '../support/protect.js'

describe('our state, larger than is read', () => {
  it('is told, and the backup is good; a halt is told and noted as ever', async () => {
    const fault = faultLab()
    const grow = (): void => {
      for (const name of ['run.json', 'status.json']) {
        writeFileSync(join(fault.stateFolder, name), '')
        truncateSync(join(fault.stateFolder, name), 64 * 1024 * 1024 + 1)
      }
    }
    await expectGoodNight(fault, [], 'before')
    grow()
    await expectGoodNight(
      fault,
      [/The record of the last run cannot be used \(it has more than 64\.0 MiB\)/],
      'too large',
    )
    grow()
    const mark = join(fault.lab.destination, '.lbackup-filevault/store.json')
    renameSync(mark, `${mark}-away`)
    const halted = await night(fault)
    renameSync(`${mark}-away`, mark)
    expect(halted.exitCode, halted.output).to.equal(129)
    expect(readRecord(fromText(fault.stateFolder))).to.include({ state: 'finished' })
    await expectGoodNight(fault, [], 'after a halt')
  }).timeout(120_000)
})

describe('a program that is damaged', function () {
  this.timeout(120_000)
  const damages: [string, (hooks: string) => void][] = [
    ['the hook is empty, as after a full disk', (hooks) => writeFileSync(join(hooks, 'pre-backup.js'), '')],
    ['the hook is no JavaScript', (hooks) => writeFileSync(join(hooks, 'pre-backup.js'), '{')],
    ['the hook throws', (hooks) => writeFileSync(join(hooks, 'pre-backup.js'), 'throw new Error("x")')],
    [
      'the hook waits for nothing',
      (hooks) => writeFileSync(join(hooks, 'pre-backup.js'), 'await new Promise(() => {})'),
    ],
    ['the hook aborts', (hooks) => writeFileSync(join(hooks, 'pre-backup.js'), 'process.abort()')],
  ]
  for (const [what, damage] of damages) {
    it(`${what}: halted`, async () => {
      const fault = faultLab()
      const copy = copyPackage(join(fault.lab.folder, 'package'))
      protect(fault.lab, {}, { package: copy })
      // Nothing but these two is needed.
      await expectGoodNight(fault, [], 'before the damage')
      damage(join(copy, 'dist/hooks'))
      const { exitCode, said } = await night(fault)
      expect(exitCode, said).to.equal(129)
      expect(said).to.match(/ERROR! The pre-backup hook ended unexpectedly \(exit code \d+\)\. The backup is halted/)
      expectOwnExcludes(fault, what)
    })
  }

  it('of which only the hooks are left: the backup is good, and the missing watch is told', async () => {
    const fault = faultLab()
    const copy = copyPackage(join(fault.lab.folder, 'package'))
    protect(fault.lab, {}, { package: copy })
    const hooks = join(copy, 'dist/hooks')
    for (const name of readdirSync(hooks)) if (!name.endsWith('-backup.js')) rmSync(join(hooks, name))
    await expectGoodNight(fault, [/The watch over the images ended before rsync did/], 'only the hooks')
  })
})

describe('the world around a hook', function () {
  this.timeout(120_000)

  it('whose output goes nowhere, onto a full disk or to a reader that is gone: the backup is good', async () => {
    for (const output of ['>&- 2>&-', '>/dev/full 2>&1', '2>&1 | true']) {
      const fault = faultLab()
      for (const phase of ['pre', 'post'] as const) {
        const hook = join(fault.lab.configurationFolder, `resources/${phase}-actions/${launcherNames[phase]}`)
        const real = join(fault.lab.folder, `launcher-${phase}`)
        renameSync(hook, real)
        const wrapper = `#!/bin/bash\n{ '${real}' "$@"; echo $? >'${real}.code'; } ${output}\nexit $(cat '${real}.code')\n`
        writeFileSync(hook, wrapper)
        chmodSync(hook, 0o755)
      }
      await expectGoodNight(fault, [], output)
    }
  })

  it('unfinished files of dead hooks go, those of living ones and of others stay', async () => {
    const fault = faultLab()
    await expectGoodNight(fault, [], 'before')
    const dead = String(spawnSync('/bin/true').pid)
    const alive = String(process.pid)
    const store = join(fault.lab.destination, '.lbackup-filevault')
    const names = (pid: string): string[] => [
      join(fault.stateFolder, `.run.json.${pid}.new`),
      join(fault.stateFolder, `lock/.${pid}.0123456789ab.new`),
      join(store, `.${pid}.0123456789ab.new`),
      join(fault.lab.configurationFolder, `.excludes.txt.${pid}.new`),
      join(fault.lab.configurationFolder, `excludes.txt.lbackup-filevault.${pid}`),
    ]
    const others = [
      `.other.txt.${dead}.new`,
      'excludes.txt.new',
      `excludes.txt.${dead}`,
      `.excludes.txt.${dead}.new.bak`,
    ]
    const foreign = others.map((name) => join(fault.lab.configurationFolder, name))
    for (const path of [...names(dead), ...names(alive), ...foreign]) writeFileSync(path, '')
    expect((await night(fault)).exitCode).to.equal(0)
    expect(names(dead).filter((path) => existsSync(path))).to.deep.equal([])
    expect([...names(alive), ...foreign].filter((path) => !existsSync(path))).to.deep.equal([])
    for (const path of [...names(alive), ...foreign]) rmSync(path)
    expect(leftOvers(fault)).to.deep.equal([])
  })

  it('a left-over block beside NUL bytes, which the launcher leaves alone, is taken out by the hook', async () => {
    const fault = faultLab()
    const own = Buffer.concat([excludes, Buffer.from('\n\0\n')])
    putBlock(fault, own)
    const { exitCode, said } = await night(fault)
    expect(exitCode).to.equal(0)
    expect(said).to.contain('Our block of an earlier run was still in the excludes file; it was taken out.')
    expect(readFileSync(fault.lab.excludesFile).equals(own)).to.equal(true)
  })

  it('an excludes file with a second name halts the backup, saying so', async () => {
    const fault = faultLab()
    putBlock(fault, excludes)
    linkSync(fault.lab.excludesFile, join(fault.lab.folder, 'second-name'))
    const { exitCode, said } = await night(fault)
    expect(exitCode).to.equal(129)
    expect(said).to.match(/ERROR! The excludes file .* has 2 hard links/)
    expect(blockInForce(fault)).to.equal(true)
    rmSync(join(fault.lab.folder, 'second-name'))
    await expectGoodNight(fault, announcements(fault), 'without the second name')
  })
})

/** Puts the block of a dead LBackup before the administrator's bytes. */
function putBlock(fault: FaultLab, own: Buffer): void {
  const dead = spawnSync('/bin/true').pid
  const block = blockLines({ run: 'old', lbackupPid: dead, lbackupStarted: 1 }, [fromText('- /source/secret')])
  writeFileSync(fault.lab.excludesFile, Buffer.concat([Buffer.from(`${block.join('\n')}\n`), own]))
}
