import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { TonightReport } from '../../../lib/generated/tonight.js'
import { planExcludes } from '../../../lib/link/plan.js'
import type { PlanRequest, Tonight } from '../../../lib/run/plan-type.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { protect } from '../../support/protect.js'
import { makeLab, runSession, type Lab, type LabOptions } from '../../support/session/index.js'
import { isDocument } from './document.js'
import { holdAsOrphan } from './orphan-holder.js'
import { runCli } from './run.js'

function labWith(paths: readonly string[], config: Record<string, unknown> = {}, options: LabOptions = {}): Lab {
  const lab = makeLab(options)
  for (const path of paths) {
    mkdirSync(join(lab.source, path, '..'), { recursive: true })
    writeSparseBundle(join(lab.source, path), { bands: [{ index: 0, length: 8192 }] })
  }
  protect(lab, { limits: { quietSeconds: 0 }, ...config })
  return lab
}

async function tonight(lab: Lab): Promise<{ code: number; report: TonightReport }> {
  const { code, stdout, stderr } = await runCli('tonight', '--json', '--config', lab.configurationFile)
  if (stdout === '') throw new Error(stderr)
  const report = JSON.parse(stdout) as TonightReport
  isDocument('tonight', report)
  return { code, report }
}

const text = (lab: Lab, ...more: string[]) => runCli('tonight', '--config', lab.configurationFile, ...more)

describe('tonight', function () {
  this.timeout(60_000)

  it('tells which image lies elsewhere than in the last backup, and of which copy it would be linked', async () => {
    const lab = labWith(['bob/bob.sparsebundle'], { watch: { mode: 'off' } })
    expect((await runSession('ours', lab)).exitCode).to.equal(0)
    const seeded = async (): Promise<string[]> => {
      const { report } = await tonight(lab)
      return report.findings.filter(({ code }) => code === 'image-seeded').map(({ message }) => message)
    }
    expect(await seeded()).to.deep.equal([])
    renameSync(join(lab.source, 'bob'), join(lab.source, 'robert'))
    expect((await seeded()).join()).to.match(
      /source\/robert\/bob\.sparsebundle .*source\/bob\/bob\.sparsebundle .* Section\.0 is linked/,
    )
  })

  it('tells of each image where it is, its size, and that nothing uses it', async () => {
    const lab = labWith(['alice/work/Work.sparsebundle', 'bob/more/More.sparsebundle'])
    const { code, report } = await tonight(lab)
    expect(code).to.equal(0)
    expect(report.images.map(({ path, decision }) => [path, decision?.action])).to.deep.equal([
      [join(lab.source, 'alice/work/Work.sparsebundle'), 'copy'],
      [join(lab.source, 'bob/more/More.sparsebundle'), 'copy'],
    ])
    expect(report.images[0]).to.include({
      bytes: report.images[1]?.bytes,
      copyPath: 'source/alice/work/Work.sparsebundle',
    })
    const { stdout } = await text(lab)
    expect(stdout).to.match(
      /Work\.sparsebundle\n {2}sparse bundle, not encrypted, .* in \d+ members\n {2}detached: .*\n {2}tonight: copied, because nothing uses it\n/,
    )
    expect(stdout).to.match(/A backup that started now would go on: 2 images, 2 to copy \(\d+ entries searched\)\.\n$/)
  })

  it('prints no policy for what no policy can let go on', async () => {
    const lab = labWith(['alice/work/Work.sparsebundle'], { policies: [{ ifInUse: 'halt' }] })
    writeFileSync(lab.excludesFile, '/source/alice/work/Work.sparsebundle/bands/0\n')
    const { code, report } = await tonight(lab)
    expect(code).to.equal(2)
    expect(report.images[0]?.decision).to.include({ action: 'halt', code: 'members-excluded' })
    expect(report.images[0]).to.not.have.property('paste')
  })

  it('says who would halt the backup, and a policy pasted as it says lets it go on', async () => {
    const lab = labWith(['alice/work/Work.sparsebundle'], { policies: [{ ifInUse: 'halt' }] })
    holdAsOrphan(join(lab.source, 'alice/work/Work.sparsebundle/bands/0'))
    const { code, report } = await tonight(lab)
    expect(code).to.equal(2)
    expect(report.halt).to.equal(true)
    const [image] = report.images
    expect(image?.usage.state).to.equal('attached')
    const { stdout } = await text(lab)
    expect(stdout).to.match(/THE WHOLE BACKUP IS HALTED, because in use by .*sleep/)
    expect(stdout).to.include(`    ${image?.paste ?? 'none'},\n`)
    protect(lab, { limits: { quietSeconds: 0 }, policies: [JSON.parse(image?.paste ?? '{}')] })
    const after = await tonight(lab)
    expect(after.code).to.equal(1)
    expect(after.report.halt).to.equal(false)
    expect(after.report.images[0]).to.deep.include({ waitMinutes: 30 }).and.not.have.property('paste')
    expect(after.report.images[0]?.decision?.action).to.equal('copy-and-prove')
    expect((await text(lab)).stdout).to.match(/tonight: waited for \(30 min at most\), then copied although/)
  })

  it('writes nothing at all, also where nothing is installed, and says that', async () => {
    const lab = labWith(['alice/work/Work.sparsebundle'])
    rmSync(join(lab.configurationFolder, 'resources'), { recursive: true })
    const names = (): string[] => readdirSync(lab.folder, { recursive: true, encoding: 'utf8' }).sort()
    const before = names()
    const { code, report } = await tonight(lab)
    expect(names()).to.deep.equal(before)
    expect(existsSync(join(lab.folder, 'state'))).to.equal(false)
    expect(code).to.equal(1)
    expect(report.findings.map((finding) => finding.code)).to.deep.equal(['hook-not-installed'])
  })

  it('shows the lines rsync would be given, only when asked', async () => {
    const lab = labWith(['bob/bob.sparsebundle'])
    const rule = /^ {2}\+ \/source\/bob\/bob\.sparsebundle/m
    expect((await text(lab)).stdout).to.not.match(rule)
    expect((await text(lab, '--rules')).stdout).to.match(rule)
    expect((await tonight(lab)).report.rules).to.include('+ /source/bob/bob.sparsebundle/')
  })

  it('says what the hook would halt for: a line that cancels ours, a linked source, the wrong disk', async () => {
    const reset = labWith(['bob/bob.sparsebundle'], {}, { excludes: '/x\n!\n' })
    const halted = await text(reset)
    expect(halted.code).to.equal(2)
    expect(halted.stderr).to.include('single exclamation mark')

    const linked = labWith([])
    renameSync(linked.source, `${linked.source}-real`)
    symlinkSync(`${linked.source}-real`, linked.source)
    const report = (await tonight(linked)).report
    expect(report.halt).to.equal(true)
    expect(report.findings.map(({ code }) => code)).to.include('source-is-link')

    const lab = labWith(['alice/work/Work.sparsebundle'])
    await runSession('ours', lab)
    rmSync(join(lab.destination, '.lbackup-filevault'), { recursive: true })
    expect((await tonight(lab)).report.findings.map(({ code }) => code)).to.include('store-missing')
  })

  it('says that lines which leave a part of an image out halt the night, and warns of rules that rsync would not follow', async () => {
    const lab = labWith(['bob/bob.sparsebundle'], {}, { excludes: 'bands\n' })
    const { code, report } = await tonight(lab)
    expect(code).to.equal(2)
    expect(report.halt).to.equal(true)
    expect(report.images.map(({ decision }) => decision?.code)).to.deep.equal(['members-excluded'])

    const { unproven } = await import('../../../lib/cli/tonight-findings.js')
    const [source, image] = [lab.source, join(lab.source, 'bob/bob.sparsebundle')].map(fromText) as [RawPath, RawPath]
    const plan = planExcludes({ source, platform: 'linux', wishes: [{ kind: 'leave-out', path: image }] })
    const request = {
      system: realSystem({ platform: 'linux', commandSeconds: 20 }),
      excludesFile: fromText(lab.excludesFile),
    } as PlanRequest
    const differences = async (rules: typeof plan.rules) =>
      unproven(request, { excludes: { ...plan, rules }, halt: false } as Tonight)
    expect(await differences(plan.rules)).to.deep.equal([])
    const [difference] = await differences([])
    expect(difference).to.include({ code: 'excludes-not-proven', severity: 'error' })
    expect(difference?.message).to.match(/^rsync would copy .*bob\.sparsebundle, which the plan leaves out/)
  })

  it('agrees with the night that follows', async () => {
    const lab = labWith(['alice/work/Work.sparsebundle'], { policies: [{ ifInUse: 'halt' }] })
    holdAsOrphan(join(lab.source, 'alice/work/Work.sparsebundle/bands/0'))
    expect((await tonight(lab)).report.halt).to.equal(true)
    expect((await runSession('ours', lab)).exitCode).to.equal(129)
  })

  it('says what little is known of a source on another machine', async () => {
    const lab = labWith([], {}, { settings: { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'client' } })
    const ssh = join(lab.folder, 'ssh')
    // A client without our program.
    writeFileSync(ssh, '#!/bin/sh\necho denied\nexit 127\n', { mode: 0o755 })
    protect(lab, { tools: { ssh } })
    const { code, report } = await tonight(lab)
    expect(code).to.equal(1)
    expect(report).to.deep.include({ useSSH: true, halt: false, images: [] })
    expect((await text(lab)).stdout).to.include('cannot be seen before the copy')
    protect(lab, { remote: 'halt', tools: { ssh } })
    expect((await tonight(lab)).report.halt).to.equal(true)
  })

  it('says that a client which cannot be reached would halt the backup, and why', async () => {
    const lab = labWith([], {}, { settings: { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'client' } })
    const ssh = join(lab.folder, 'ssh')
    writeFileSync(ssh, '#!/bin/sh\necho "ssh: connect to host client: Connection refused" >&2\nexit 255\n', {
      mode: 0o755,
    })
    protect(lab, { tools: { ssh } })
    const { code, report } = await tonight(lab)
    expect(code).to.equal(2)
    expect(report).to.deep.include({ useSSH: true, halt: true, images: [] })
    expect(report.findings.map(({ code: found }) => found)).to.include('client-unreachable')
  })

  it('ends with 2 where its settings or the source cannot be used', async () => {
    const lab = labWith([])
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), '{"a": 1}')
    expect((await text(lab)).code).to.equal(2)
    const gone = labWith([])
    rmSync(gone.source, { recursive: true })
    const { code, stderr } = await text(gone)
    expect(code).to.equal(2)
    expect(stderr).to.include(`LBackup's backupSource ${gone.source} is not there`)
    expect(readFileSync(gone.excludesFile, 'utf8')).to.equal('')
  })
})
