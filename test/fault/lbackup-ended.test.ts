import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  announcements,
  blockInForce,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  type FaultLab,
} from '../support/fault/night.js'
import { until, untilGone } from '../support/fault/until.js'
import { startSession, type RunningSession } from '../support/session/index.js'

const endings: readonly [signal: NodeJS.Signals, to: 'process' | 'group'][] = [
  ['SIGTERM', 'process'],
  ['SIGTERM', 'group'],
  ['SIGHUP', 'process'],
  ['SIGKILL', 'process'],
  ['SIGINT', 'group'],
]

describe('an LBackup that is ended', function () {
  this.timeout(120_000)
  for (const [signal, to] of endings) {
    const how = `${signal} to the ${to}`

    it(`${how} in the middle of the pre-backup hook: nothing is in force, the next run puts it right`, async () => {
      // The looks at an image are a second apart; by then the record is written.
      const fault = faultLab({ limits: { quietSeconds: 1 } })
      const pid = join(fault.lab.folder, 'pid')
      fault.node.becomes('pre', `echo $$ >'${pid}'`)
      const session = startSession('ours', fault.lab)
      await until('the record', () => existsSync(join(fault.stateFolder, 'run.json')))
      session.signal(signal, to)
      await session.result
      await untilGone(Number(readFileSync(pid, 'utf8')))
      expect(blockInForce(fault), how).to.equal(false)
      expect(fault.lab.log(), how).not.to.match(/planned:|The backup goes on/)
      await next(fault, session)
    })

    it(`${how} while rsync runs: the next run takes the block out first`, async () => {
      const fault = faultLab()
      let inForce = false
      const session: RunningSession = startSession('ours', fault.lab, {
        at: {
          'before-rsync': () => {
            inForce = blockInForce(fault)
            session.signal(signal, to)
          },
        },
      })
      await session.result
      expect(inForce).to.equal(true)
      await next(fault, session)
    })

    it(`${how} in the middle of the post-backup hook: nothing is in force, the next run works`, async () => {
      const fault = faultLab()
      const [pid, go] = [join(fault.lab.folder, 'pid'), join(fault.lab.folder, 'go')]
      fault.node.becomes('post', `echo $$ >'${pid}'; while [ ! -e '${go}' ]; do sleep 0.05; done`)
      const session = startSession('ours', fault.lab)
      await until('the post-backup hook', () => existsSync(pid))
      session.signal(signal, to)
      // What LBackup leaves behind may go on only now.
      if (to === 'process') await until('the end of LBackup', () => !existsSync(`/proc/${String(session.pid)}`))
      writeFileSync(go, '')
      await session.result
      await untilGone(Number(readFileSync(pid, 'utf8')))
      await next(fault, session)
    })
  }
})

/** The next run; a stale lock of LBackup's own has to be removed by hand. */
async function next(fault: FaultLab, session: RunningSession): Promise<void> {
  await until('the end of LBackup', () => !existsSync(`/proc/${String(session.pid)}`))
  rmSync(fault.lab.lockFile, { force: true })
  fault.node.becomes('pre')
  fault.node.becomes('post')
  await expectGoodNight(fault, announcements(fault), 'after LBackup was ended')
  expectOwnExcludes(fault, 'after the next run')
}
