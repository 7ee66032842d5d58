import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { machineOf } from '../../lib/cli/machine.js'
import type { Listing } from '../../lib/generated/listing.js'
import type { Restoration } from '../../lib/generated/restoration.js'
import type { SlotBook } from '../../lib/generated/slots.js'
import { lockHolder, releaseLock, takeLock } from '../../lib/lbackup/lock.js'
import { processIdentity, type ProcessIdentity } from '../../lib/lbackup/process-chain.js'
import { hostName } from '../../lib/system/host.js'
import { fromText } from '../../lib/text/raw-path.js'
import { imageDigest, simulatedMac, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'

let cli: (args: readonly string[]) => Promise<{ code: number; out: string; err: string }>

describe('giving it back', function () {
  this.timeout(120_000)
  before(async () => {
    const { cli: main } = await import('../../lib/cli/main.js')
    cli = async (args) => {
      let [out, err] = ['', '']
      const code = await main(args, {
        stdout: (text) => (out += text),
        stderr: (text) => (err += text),
        env: {},
      })
      return { code, out, err }
    }
  })

  async function threeNights(): Promise<{ lab: Lab; mac: SimulatedMac; stateFolder: string; states: string[] }> {
    const lab = makeLab()
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    const stateFolder = protect(lab, mac.configuration)
    const states: string[] = []
    for (let count = 0; count < 3; count += 1) {
      if (count > 0) mac.logIn('bob')
      if (count > 0) mac.write('bob')
      if (count > 0) mac.logOut('bob')
      states.unshift(imageDigest(mac.imageOf('bob')))
      await night('ours', lab, stateFolder)
    }
    return { lab, mac, stateFolder, states }
  }

  it('lists every copy, and restores the newest or an older one, each byte compared, as new files', async () => {
    const { lab, mac, states } = await threeNights()
    const config = ['--config', lab.configurationFile]
    const listed = JSON.parse((await cli(['list', ...config, '--json'])).out) as Listing
    expect(listed.copies.map(({ place, verdict, vouched }) => [place, verdict, vouched])).to.deep.equal(
      [0, 1, 2].map((number) => [`Section.${String(number)}`, 'proven', true]),
    )
    expect((await cli(['list', 'bob', ...config])).out).to.match(
      /^made .*\n20.* Section\.0 +proven .*bob\.sparsebundle/,
    )
    // The disk of the Mac is lost.
    rmSync(mac.imageOf('bob'), { recursive: true })
    for (const [index, wish] of [
      [0, []],
      [2, ['--section', '2']],
      [1, ['--at', listed.copies[1]?.madeAt ?? '']],
    ] as const) {
      const to = join(lab.folder, `restored-${String(index)}`)
      const { code, out } = await cli(['restore', 'bob', '--to', to, ...wish, ...config, '--json'])
      expect(code, out).to.equal(0)
      const document = JSON.parse(out) as Restoration
      expect(document).to.include({ place: `Section.${String(index)}`, unchecked: null })
      expect(document.checked).to.be.above(3)
      expect(imageDigest(to)).to.equal(states[index])
      expect(statSync(join(to, 'Info.plist')).nlink).to.equal(1)
    }
    const again = await cli(['restore', 'bob', '--to', join(lab.folder, 'restored-0'), ...config])
    expect([again.code, again.err]).to.deep.equal([
      2,
      `lbackup-filevault: ${join(lab.folder, 'restored-0')} is there already; nothing is overwritten.\nName a path that does not exist.\n`,
    ])
  })

  it('works without the state folder and without the configuration, and says that nothing vouches', async () => {
    const { lab, stateFolder, states } = await threeNights()
    rmSync(stateFolder, { recursive: true })
    const to = join(lab.folder, 'restored')
    const { code, out } = await cli(['restore', 'bob', '--to', to, '--backup-dest', lab.destination])
    expect(out).to.match(/NOT CHECKED: its manifest is not vouched for by the state folder; the bytes fit what it says/)
    expect(code).to.equal(1)
    expect(imageDigest(to)).to.equal(states[0])
    for (const section of lab.sections())
      rmSync(join(lab.destination, section, '.lbackup-filevault'), { recursive: true })
    const bare = await cli([
      'restore',
      'bob.sparsebundle',
      '--section',
      '1',
      '--to',
      `${to}2`,
      '--backup-dest',
      lab.destination,
    ])
    expect(bare.code, bare.err).to.equal(1)
    expect(bare.out).to.contain('NOT CHECKED: there is no manifest')
    expect(imageDigest(`${to}2`)).to.equal(states[1])
  })

  it('never lets a damaged copy look restored, and goes on where it was interrupted', async () => {
    const { lab, states } = await threeNights()
    const config = ['--config', lab.configurationFile]
    const to = join(lab.folder, 'restored')
    const half = join(lab.folder, '.restored.restoring')
    mkdirSync(join(half, 'bands'), { recursive: true })
    const copy = join(lab.destination, 'Section.0/source/bob/bob.sparsebundle')
    writeFileSync(join(half, 'bands/0'), readFileSync(join(copy, 'bands/0')))
    writeFileSync(join(half, 'Info.plist'), 'half')
    const resumed = await cli(['restore', 'bob', '--to', to, ...config, '--json'])
    expect(JSON.parse(resumed.out)).to.include({ resumed: 1 })
    expect(imageDigest(to)).to.equal(states[0])
    expect(existsSync(half)).to.be.false
    // What somebody put there beside it.
    writeFileSync(join(copy, 'bands/ff'), 'planted')
    const planted = await cli(['restore', 'bob', '--to', `${to}1`, ...config, '--json'])
    expect([planted.code, JSON.parse(planted.out)]).to.deep.equal([1, JSON.parse(planted.out)])
    expect(JSON.parse(planted.out)).to.include({ unchecked: null, leftOut: 1 })
    expect((JSON.parse(planted.out) as Restoration).findings.map(({ code }) => code)).to.deep.equal(['member-left-out'])
    expect(imageDigest(`${to}1`)).to.equal(states[0])
    const tried = await cli(['restore', '--drill', 'bob', ...config])
    expect([tried.code, tried.out]).to.deep.equal([1, tried.out])
    expect(tried.out).to.match(/every byte is right\. 1 member is in the copy and not in its manifest/)
    // Bit rot: other bytes, the same size and time.
    execFileSync('sh', [
      '-c',
      'touch -r "$1" "$2/stamp"; printf x | dd of="$1" conv=notrunc status=none; touch -r "$2/stamp" "$1"',
      'sh',
      join(copy, 'bands/0'),
      lab.folder,
    ])
    const damaged = await cli(['restore', 'bob', '--to', `${to}2`, ...config])
    expect(damaged.code).to.equal(2)
    expect(damaged.err).to.match(
      /in Section\.0, of 20.*, is damaged: 1 member is not what the manifest says \(bands\/0\)\. Nothing was restored\./,
    )
    expect(readdirSync(lab.folder).filter((name) => name.includes('restored2'))).to.deep.equal([])
    const drilled = await cli(['restore', '--drill', 'bob', ...config])
    expect([drilled.code, drilled.out]).to.satisfy(
      ([code, out]: [number, string]) => code === 2 && out.startsWith('FAILED: '),
    )
  })

  it('tries a restore, notes it, and forgets only what is kept, only when told', async () => {
    const lab = makeLab({ settings: { numRotations: '1' } })
    const mac = simulatedMac(lab.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    const stateFolder = protect(lab, mac.configuration)
    const config = ['--config', lab.configurationFile]
    await night('ours', lab, stateFolder)
    const drilled = await cli(['restore', '--drill', ...config])
    expect(drilled.code, drilled.err + drilled.out).to.equal(0)
    expect(drilled.out).to.match(/^fine: .* could be restored, and every byte is right\.\n$/)
    const book = (): SlotBook => JSON.parse(readFileSync(join(stateFolder, 'slots.json'), 'utf8')) as SlotBook
    expect(book().slots[0]?.drill).to.include({ ok: true })
    mac.logIn('bob')
    await night('ours', lab, stateFolder)
    const kept = join(lab.destination, '.lbackup-filevault/kept')
    expect(readdirSync(kept)).to.have.length(1)
    const asked = await cli(['forget', 'bob', ...config])
    expect([asked.code, readdirSync(kept).length]).to.deep.equal([1, 1])
    expect(asked.out).to.match(/^Would release 1 kept copy of bob-.*\. 1 copy in sections stays\.\n/)
    const { system } = machineOf('forget', lab.configurationFile)
    const other = (await processIdentity(system, process.ppid)) as ProcessIdentity
    const holder = { ...other, host: hostName(), since: '2026-01-01T00:00:00Z', runId: 'a run' }
    await takeLock(fromText(stateFolder), holder, () => Promise.resolve(false))
    const refused = await cli(['forget', 'bob', ...config, '--yes'])
    expect([refused.code, readdirSync(kept).length]).to.deep.equal([2, 1])
    expect(refused.err).to.include('2026-01-01T00:00:00Z')
    releaseLock(fromText(stateFolder), 'a run')
    expect((await cli(['forget', 'bob', ...config, '--yes'])).code).to.equal(0)
    expect(lockHolder(fromText(stateFolder))).to.be.undefined
    expect(readdirSync(kept)).to.deep.equal([])
    expect(book().slots[0]?.copies.map(({ place }) => place.generation)).to.deep.equal([undefined])
  })
})
