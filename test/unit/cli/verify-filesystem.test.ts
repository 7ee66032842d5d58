import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Context } from 'mocha'
import type { Verification } from '../../../lib/generated/verification.js'
import { fakeMac, type FakeMac, type FakeMacState } from '../../support/fake-mac.js'
import { protect } from '../../support/protect.js'
import { realImage } from '../../support/real-images.js'
import { makeLab, runSession, type Lab } from '../../support/session/index.js'
import { runCli } from './run.js'

const program = fileURLToPath(new URL('../../../lib/cli/bin.ts', import.meta.url))

/** An image with its copy in a section, made as on Linux, and then a Mac that is to look at it. */
async function backedUp(
  context: Context,
  state: FakeMacState = {},
): Promise<{ lab: Lab; image: string; mac: FakeMac }> {
  const lab = makeLab()
  const image = join(lab.source, 'A.sparsebundle')
  cpSync(realImage(context, 'hfsj-plain.sparsebundle.tgz').file, image, { recursive: true, preserveTimestamps: true })
  protect(lab)
  await runSession('ours', lab)
  const mac = fakeMac(state)
  protect(lab, { platform: 'macos', tools: mac.tools })
  return { lab, image, mac }
}

const checksOf = (lab: Lab): string => join(lab.destination, '.lbackup-filevault/checks')

describe('verify --level filesystem', function () {
  this.timeout(120_000)

  it('checks the copies, and never the image at its source', async function () {
    const { lab, image, mac } = await backedUp(this)
    const args = ['verify', image, '--config', lab.configurationFile, '--level', 'filesystem', '--json']
    const { code, stdout } = await runCli(...args)
    const { results } = JSON.parse(stdout) as Verification
    expect(results.map(({ section, inside }) => [section, inside?.says])).to.deep.equal([
      [null, 'HFS+ "Test1" (Apple\'s checkers are run on copies only)'],
      [0, 'HFS+ "Test1"; fsck_hfs found nothing wrong'],
    ])
    expect(code).to.equal(0)
    const [copy] = results.filter(({ section }) => section === 0)
    await runCli('verify', copy?.path ?? '', ...args.slice(2))
    expect(mac.disks().seen.map(({ path }) => path.startsWith(`${checksOf(lab)}/`))).to.deep.equal([true, true])
    expect(mac.disks().attached).to.deep.equal([])

    mac.set({ faults: { fsckHfs: { stdout: 'The volume Test1 was found corrupt\n', code: 8 } } })
    const damaged = await runCli(...args)
    expect(damaged.code).to.equal(2)
    expect((JSON.parse(damaged.stdout) as Verification).results.map(({ state }) => state)).to.deep.equal([
      'complete',
      'damaged',
    ])
  })

  it('says where it cannot be done', async function () {
    const { lab, image } = await backedUp(this)
    expect((await runCli('verify', image, '--level', 'filesystem')).code).to.equal(64)
    protect(lab, { platform: 'linux' })
    const { code, stderr } = await runCli('verify', image, '--config', lab.configurationFile, '--level', 'filesystem')
    expect(code).to.equal(3)
    expect(stderr).to.match(/takes a Mac[^]*--level volume/)
  })

  it('detaches and removes its clone before it ends where it is called to its end', async function () {
    const { lab, image, mac } = await backedUp(this, { faults: { fsckHfs: { hang: 'polite' } } })
    const args = ['--import=tsx', program, 'verify', image, '--config', lab.configurationFile, '--level', 'filesystem']
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const ended = once(child, 'exit')
    const log = join(mac.folder, 'calls.jsonl')
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!existsSync(log) || !readFileSync(log, 'utf8').includes('"fsckHfs"')) return
        watcher.close()
        resolve()
      }
      const watcher = watch(mac.folder, look)
      look()
    })
    expect(mac.disks().attached).to.have.length(1)
    child.kill('SIGTERM')
    expect(await ended).to.deep.equal([null, 'SIGTERM'])
    expect(mac.disks().attached).to.deep.equal([])
    expect(readdirSync(checksOf(lab))).to.deep.equal([])
  })
})
