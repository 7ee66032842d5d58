import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mayHold } from '../../../lib/lbackup/lock-holder.js'
import { processIdentity } from '../../../lib/lbackup/process-chain.js'
import { othersMayWrite } from '../../../lib/mount/shared-volume.js'
import { hostName } from '../../../lib/system/host.js'
import { realSystem, type System } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const linux = realSystem({ platform: 'linux', commandSeconds: 20 })
/** A Mac whose mount(8) prints that. */
const mac = (printed: string, exitCode = 0): System => ({
  ...linux,
  platform: 'macos',
  tool: () =>
    Promise.resolve({ exitCode, stdout: Buffer.from(printed), stderr: Buffer.of() }) as ReturnType<System['tool']>,
})
const local = '/dev/disk1s1 on / (apfs, local, journaled)\n'
const overNetwork = (folder: string): string => `${local}//server/homes on ${folder} (smbfs, nodev)\n`

describe('who took a lock', () => {
  const folder = (): string => temporaryFolder()

  for (const [what, table, shared] of [
    ['a disk of this machine', (_: string) => '1 0 8:1 / / rw - ext4 /dev/sda1 rw\n', false],
    [
      'a network volume',
      (at: string) => `1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:40 / ${at} rw - nfs4 server:/homes rw\n`,
      true,
    ],
    ['nobody knows what', () => '', true],
  ] as const) {
    it(`may be of another machine on ${what}: ${String(shared)}`, async () => {
      const at = folder()
      writeFileSync(join(at, 'mounts'), table(at))
      expect(await othersMayWrite(linux, fromText(at), join(at, 'mounts'))).to.equal(shared)
    })
  }

  it('may be of another machine where that cannot be found out', async () => {
    expect(await othersMayWrite(linux, fromText(folder()), join(folder(), 'missing'))).to.equal(true)
    expect(await othersMayWrite(mac('', 1), fromText(folder()))).to.equal(true)
  })

  it('is dead where this machine was started anew under another name, and may live where another machine can be meant', async () => {
    const at = folder()
    const left = { pid: 1, startTime: '1', bootId: 'before', host: 'mac-17.local', since: 'then', runId: 'one' }
    expect(await mayHold(mac(local), fromText(at), left)).to.equal(false)
    expect(await mayHold(mac(overNetwork(at)), fromText(at), left)).to.equal(true)
    // Its own name: another start of this machine.
    expect(await mayHold(mac(overNetwork(at)), fromText(at), { ...left, host: hostName() })).to.equal(false)
  })

  it('lives where its process does, also where the machine got another name meanwhile', async () => {
    const me = await processIdentity(linux)
    if (me === undefined) throw new Error('this process is not in /proc')
    const holder = { ...me, host: 'mac-17.local', since: 'then', runId: 'one' }
    expect(await mayHold(linux, fromText(folder()), holder)).to.equal(true)
    expect(await mayHold(linux, fromText(folder()), { ...holder, startTime: '0' })).to.equal(false)
  })
})
