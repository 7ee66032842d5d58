import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { blockInForce, expectGoodNight, expectOwnExcludes, faultLab, type FaultLab } from '../support/fault/night.js'
import { startSession, type Lab, type SessionResult } from '../support/session/index.js'

// LBackup's own lock is not atomic and may be switched off; here it is off.

describe('two LBackups at once', function () {
  this.timeout(120_000)

  it('of one configuration, started together: exactly one backs up, the other is halted and harms nothing', async () => {
    for (let round = 0; round < 3; round += 1) {
      const fault = faultLab()
      fault.lab.set({ ignore_backup_lock: 'YES' })
      const { results, inForce } = await together(fault, [fault.lab, sameWithOwnEvents(fault.lab)])
      expect(
        results.map(({ exitCode }) => exitCode).sort(),
        results.map(({ output }) => output).join('\n'),
      ).to.deep.equal([0, 129])
      expect(inForce).to.deep.equal([true])
      expect(results.find(({ exitCode }) => exitCode === 129)?.output).to.match(
        /ERROR! Another (backup of this configuration is running|LBackup \(process \d+\) is at work)/,
      )
      expectOwnExcludes(fault, 'after both')
    }
  })

  it('the second one later, with its post hook: halted, and the first one’s block stays', async () => {
    const fault = faultLab()
    fault.lab.set({ ignore_backup_lock: 'YES', post_actions_on_backup_error: 'YES' })
    const { first, second, stayed } = await oneWithinTheOther(fault, fault.lab)
    expect(second.exitCode).to.equal(129)
    expect(second.output).to.contain('BACKUP-050-filevault')
    expect(stayed).to.equal(true)
    expect(first.exitCode).to.equal(0)
    expect(first.log).to.match(/proven: .*alice\.sparsebundle/)
    await expectGoodNight(fault, [], 'after both')
  })

  it('of two configurations in one folder, which share the excludes file: the same', async () => {
    const fault = faultLab()
    // Each has a state folder of its own, as where none is configured.
    fault.lab.set({ ignore_backup_lock: 'YES', post_actions_on_backup_error: 'YES' })
    const other = join(fault.lab.configurationFolder, 'other.conf')
    const text = readFileSync(fault.lab.configurationFile, 'utf8')
    mkdirSync(join(fault.lab.folder, 'second'))
    writeFileSync(other, text.replace(/^backupDest=.*$/m, `backupDest="${join(fault.lab.folder, 'second')}"`))
    const settings = join(fault.lab.configurationFolder, 'filevault.json')
    const config = JSON.parse(readFileSync(settings, 'utf8')) as Record<string, unknown>
    const secondState = JSON.stringify({ ...config, stateFolder: join(fault.lab.folder, 'second-state') })
    const { first, second, stayed } = await oneWithinTheOther(
      fault,
      { ...fault.lab, configurationFile: other },
      {
        before: () => writeFileSync(settings, secondState),
        after: () => writeFileSync(settings, JSON.stringify(config)),
      },
    )
    expect(second.exitCode).to.equal(129)
    expect(second.output).to.match(/ERROR! Another LBackup \(process \d+\) is at work with the same excludes file/)
    expect(stayed).to.equal(true)
    expect(first.exitCode).to.equal(0)
    expect(first.log).to.match(/proven: .*alice\.sparsebundle/)
    await expectGoodNight(fault, [], 'after both')
  })
})

/** The same configuration; only the test's own files lie elsewhere. */
function sameWithOwnEvents(lab: Lab): Lab {
  const folder = join(lab.folder, 'second')
  mkdirSync(folder)
  return { ...lab, folder }
}

/** Starts one session each; those that come as far as rsync wait there until the others have ended, or all are there. */
async function together(
  fault: FaultLab,
  labs: readonly Lab[],
): Promise<{ results: SessionResult[]; inForce: boolean[] }> {
  const inForce: boolean[] = []
  let everybody: () => void = () => undefined
  const allThere = new Promise<void>((resolve) => (everybody = resolve))
  const ended: Promise<unknown>[] = []
  const sessions = labs.map((lab, index) =>
    startSession('ours', lab, {
      at: {
        'before-rsync': async () => {
          if (inForce.push(blockInForce(fault)) === labs.length) everybody()
          await Promise.race([allThere, Promise.all(ended.filter((_, other) => other !== index))])
        },
      },
    }),
  )
  ended.push(...sessions.map(({ result }) => result))
  return { results: await Promise.all(sessions.map(({ result }) => result)), inForce }
}

/** Runs a whole second session while the first one waits before rsync. */
async function oneWithinTheOther(
  fault: FaultLab,
  lab: Lab,
  around: { before: () => void; after: () => void } = { before: () => undefined, after: () => undefined },
): Promise<{ first: SessionResult; second: SessionResult; stayed: boolean }> {
  let second: SessionResult | undefined
  let stayed = false
  const first = await startSession('ours', fault.lab, {
    at: {
      'before-rsync': async () => {
        const before = readFileSync(fault.lab.excludesFile)
        expect(blockInForce(fault)).to.equal(true)
        around.before()
        second = await startSession('ours', lab).result
        around.after()
        stayed = readFileSync(fault.lab.excludesFile).equals(before)
      },
    },
  }).result
  if (second === undefined) throw new Error('the first session did not come as far as rsync')
  return { first, second, stayed }
}
