import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, runSession, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'

interface Client {
  readonly lab: Lab
  /** The source on the client. */
  readonly source: string
  /** Stands in for ssh: runs the command here, with the source's path changed to the client's. */
  readonly ssh: string
}

/** `wrapped`: the client has LBackup's ssh wrapper, which splits and globs the command and always ends with 0. */
function client({ wrapped = false } = {}): Client {
  const lab = makeLab({ settings: { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'client', SSHTest: 'YES' } })
  const source = join(lab.folder, 'client/source')
  mkdirSync(source, { recursive: true })
  const there = `command=\${*//'${lab.source}'/'${source}'}`
  const run = wrapped ? '$command\nexit 0' : 'exec sh -c "$command"'
  const ssh = join(lab.folder, 'ssh')
  writeFileSync(
    ssh,
    `#!/bin/bash
printf '%s\\n' "$*" >>'${lab.folder}/calls'
while [ "\${1#-}" != "$1" ]; do case $1 in -[olip]) shift 2 ;; *) shift ;; esac; done
shift
${there}
[ "$command" = '##--LBackup_SSH_Test--##' ] && exit 0
${run}
`,
  )
  chmodSync(ssh, 0o755)
  writeSparseBundle(join(source, 'bob/bob.sparsebundle'), { bands: [{ index: 0, length: mebibyte }], mapped: true })
  writeSparseBundle(join(source, 'alice/Work.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
  return { lab, source, ssh }
}

const configured = ({ lab, ssh }: Client, config: Record<string, unknown> = {}): string =>
  protect(lab, { ...config, tools: { ssh } })

for (const wrapped of [false, true]) {
  describe(`a source on another machine${wrapped ? ' behind LBackup’s wrapper' : ''}`, function () {
    this.timeout(60_000)

    it('is copied, and its copies are judged by their structure alone', async () => {
      const one = client({ wrapped })
      const { lab, source, ssh } = one
      // What lies here under the same path is not the client's.
      writeSparseBundle(join(lab.source, 'local/Local.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
      truncateSync(join(source, 'bob/bob.sparsebundle/bands/0'), 4096)
      const result = await night('ours', lab, configured(one), { ssh })
      expect(result.exitCode, result.output).to.equal(0)
      expect(result.report.images).to.have.length(2)
      expect(result.image('alice/Work.sparsebundle')).to.include({ verdict: 'complete', loudness: 'warning' })
      expect(result.image('alice/Work.sparsebundle').reason).to.contain(
        'what used the image on the client is not known',
      )
      expect(result.image('bob/bob.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
      expect(imageDigest(join(lab.destination, 'Section.0/source/alice/Work.sparsebundle'))).to.equal(
        imageDigest(join(source, 'alice/Work.sparsebundle')),
      )
      expect(`${result.output}${JSON.stringify(result.report)}${JSON.stringify(result.record)}`).not.to.contain('Local')
      expect(result.record).to.deep.include({ images: [], homes: [], excludesBlock: false, useSSH: true })
      const absent = result.report.findings.filter(({ code }) => code === 'client-absent')
      expect(absent, result.codes.join()).to.have.length(1)
      expect(absent[0]).to.include({ severity: 'warning' })
      expect(absent[0]?.message).to.contain('judged by their structure alone')
    })

    it('has the last complete copy of an image that vanished kept outside of rotation', async () => {
      const one = client({ wrapped })
      const { lab, source, ssh } = one
      lab.set({ numRotations: '2' })
      const stateFolder = configured(one)
      const copy = 'source/alice/Work.sparsebundle'
      await night('ours', lab, stateFolder, { ssh })
      const digest = imageDigest(join(lab.destination, 'Section.0', copy))
      rmSync(join(source, 'alice/Work.sparsebundle'), { recursive: true })
      for (let count = 0; count < 3; count += 1) await night('ours', lab, stateFolder, { ssh })
      expect(existsSync(join(lab.destination, 'Section.1', copy))).to.be.false
      const kept = join(lab.destination, '.lbackup-filevault/kept')
      const [slot = ''] = readdirSync(kept)
      const { generation } = JSON.parse(readFileSync(join(kept, slot, 'current'), 'utf8')) as { generation: string }
      expect(imageDigest(join(kept, slot, generation, 'Work.sparsebundle'))).to.equal(digest)
    })

    it('that is missing halts the night before LBackup touches the set', async () => {
      const one = client({ wrapped })
      const { lab, source, ssh } = one
      lab.set({ numRotations: '2' })
      const stateFolder = configured(one)
      await night('ours', lab, stateFolder, { ssh })
      await night('ours', lab, stateFolder, { ssh })
      rmSync(source, { recursive: true })
      const halted = await night('ours', lab, stateFolder, { ssh })
      expect(halted.exitCode).to.equal(129)
      expect(halted.said[0]).to.match(/^ERROR! The source root@client:.* could not be listed \(.+\)\. Try it by hand/)
      expect(halted.sections).to.deep.equal(['Section.0', 'Section.1'])
    })
  })
}

describe('a source on another machine', function () {
  this.timeout(60_000)

  it('that is missing destroys the set where nobody halts the night', async () => {
    const { lab, source, ssh } = client({ wrapped: true })
    lab.set({ numRotations: '2' })
    await runSession('ours', lab, { ssh })
    await runSession('ours', lab, { ssh })
    rmSync(source, { recursive: true })
    const result = await runSession('ours', lab, { ssh })
    expect(result.exitCode).to.equal(255)
    expect(result.sections).not.to.include('Section.0')
  })

  it('that cannot be reached halts the night', async () => {
    const one = client()
    writeFileSync(one.ssh, '#!/bin/sh\necho "ssh: connect to host client: Connection refused" >&2\nexit 255\n')
    one.lab.set({ SSHTest: 'NO' })
    const result = await night('ours', one.lab, configured(one), { ssh: one.ssh })
    expect(result.exitCode).to.equal(129)
    expect(result.said[0]).to.contain('Connection refused')
    expect(existsSync(join(one.lab.destination, 'Section.0'))).to.be.false
  })

  it('is refused where the configuration says so and our program does not answer, before any file is asked for', async () => {
    const one = client()
    one.lab.set({ SSHTest: 'NO' })
    const result = await night('ours', one.lab, configured(one, { remote: 'halt' }), { ssh: one.ssh })
    expect(result.exitCode).to.equal(129)
    expect(result.said[0]).to.match(
      /^ERROR! The client root@client does not run our program: .* Install it: lbackup-filevault install --client root@client/,
    )
    const calls = readFileSync(join(one.lab.folder, 'calls'), 'utf8')
    expect(calls).to.match(/^.* -- root@client lbackup-filevault-client 1 [0-9a-f]{32} version$/m)
    expect(calls).not.to.contain('--server')
    expect(existsSync(join(one.lab.destination, 'Section.0'))).to.be.false
  })
})
