import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  readFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fakeMac } from '../../support/fake-mac.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { launcherNames } from '../../../lib/install/launcher.js'
import { runSession, type Lab } from '../../support/session/index.js'
import { temporaryFolder } from '../../support/temporary.js'
import { runCli } from '../cli/run.js'
import { isDocument } from '../cli/document.js'
import { examine, healthyLab } from './patient-lab.js'

const bundle = (lab: Lab, path: string): void => {
  mkdirSync(join(lab.source, path, '..'), { recursive: true })
  writeSparseBundle(join(lab.source, path), { bands: [{ index: 0, length: 4096 }] })
}
const actions = (lab: Lab, phase: string): string => join(lab.configurationFolder, 'resources', `${phase}-actions`)
const launcher = (lab: Lab, phase: 'pre' | 'post'): string => join(actions(lab, phase), launcherNames[phase])
const lock = (lab: Lab, pid: number): void =>
  writeFileSync(lab.lockFile, `Process start time (seconds since epoch) : 1\nProcess PID : ${String(pid)}\n`)

/** A client whose ssh does this. */
function remoteLab(script: string): Lab {
  const ssh = join(temporaryFolder(), 'ssh')
  writeFileSync(ssh, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const settings = { useSSH: 'YES', sshRemoteUser: 'root', sshRemoteServer: 'x' }
  return healthyLab({ settings }, { tools: { ssh } })
}

describe('doctor', function () {
  this.timeout(60_000)

  it('finds nothing in a healthy setup, and only that no run is known before the first', async () => {
    const lab = healthyLab()
    bundle(lab, 'alice/work/Work.sparsebundle')
    const before = await examine(lab)
    expect(before.report.findings.map(({ code, severity }) => [code, severity])).to.deep.equal([['no-run-yet', 'info']])
    expect(before.code).to.equal(0)
    expect(readdirSync(lab.destination)).to.deep.equal([])
    expect((await runSession('ours', lab)).exitCode).to.equal(0)
    const after = await examine(lab)
    expect(after.report.findings).to.deep.equal([])
    const said = await runCli('doctor', '--config', lab.configurationFile)
    expect(said).to.include({ code: 0, stdout: 'Nothing was found that would go wrong.\n' })
  })

  // What is done to a healthy setup, and what must be found then.
  const cases: readonly (readonly [code: string, exit: number, make: () => Lab])[] = [
    [
      'source-is-link',
      2,
      () => {
        const lab = healthyLab()
        renameSync(lab.source, `${lab.source}-real`)
        symlinkSync(`${lab.source}-real`, lab.source)
        return lab
      },
    ],
    [
      'source-missing',
      2,
      () => {
        const lab = healthyLab()
        rmSync(lab.source, { recursive: true })
        return lab
      },
    ],
    ['source-remote', 1, () => remoteLab('echo denied\nexit 127')],
    ['client-absent', 1, () => remoteLab('echo denied\nexit 127')],
    ['client-unreachable', 2, () => remoteLab('echo "ssh: connect to host x: Connection refused" >&2\nexit 255')],
    ['post-actions-off', 1, () => healthyLab({ settings: { post_actions_on_backup_error: 'NO' } })],
    ['vanished-files-fatal', 2, () => healthyLab({ settings: { ignore_rsync_vanished_files: '' } })],
    ['checksum-off', 0, () => healthyLab({ settings: { checksum_enabled: 'NO' } })],
    [
      'setting-unreadable',
      1,
      () => {
        const lab = healthyLab()
        lab.set({}, ['post_actions_on_backup_error=$X'])
        return lab
      },
    ],
    ['channel-missing', 1, () => healthyLab({}, { report: {} })],
    ['config-invalid', 2, () => healthyLab({}, { platfrom: 'linux' })],
    ['config-invalid', 2, () => healthyLab({}, { tools: { rsync: '/nowhere/rsync' } })],
    ['config-doubtful', 1, () => healthyLab({}, { limits: { quietSeconds: 0.1 } })],
    [
      'lbackup-lock-stale',
      2,
      () => {
        const lab = healthyLab()
        lock(lab, 2 ** 22 + 1)
        return lab
      },
    ],
    [
      'lbackup-lock-stale',
      2,
      () => {
        const lab = healthyLab()
        lock(lab, process.pid)
        return lab
      },
    ],
    ['configuration-folder-blank', 2, () => healthyLab({ configurationFolderName: 'my config' })],
    [
      'action-not-run',
      1,
      () => {
        const lab = healthyLab()
        chmodSync(lab.hook('post', 'BACKUP-700-mail', 'true'), 0o644)
        return lab
      },
    ],
    [
      'action-not-run',
      2,
      () => {
        const lab = healthyLab()
        chmodSync(launcher(lab, 'pre'), 0o644)
        return lab
      },
    ],
    [
      'hook-copied',
      2,
      () => {
        const lab = healthyLab()
        cpSync(launcher(lab, 'pre'), `${launcher(lab, 'pre')}.bak`)
        return lab
      },
    ],
    [
      'mount-too-late',
      1,
      () => {
        const lab = healthyLab()
        lab.hook('pre', 'BACKUP-900-disk', '# once umount\nmount /backup')
        return lab
      },
    ],
    [
      'unmount-too-early',
      1,
      () => {
        const lab = healthyLab()
        lab.hook('post', 'BACKUP-010-disk', 'hdiutil detach /Volumes/Backup')
        return lab
      },
    ],
    [
      'hooks-overridden',
      2,
      () => {
        const lab = healthyLab()
        lab.set({ backup_pre_action_script: lab.hook('pre', 'mine', 'exit 0') })
        return lab
      },
    ],
    [
      'hooks-overridden',
      2,
      () => {
        const lab = healthyLab()
        lab.set({ backup_post_action_script: lab.configurationFile })
        return lab
      },
    ],
    [
      'hook-not-installed',
      2,
      () => {
        const lab = healthyLab()
        rmSync(launcher(lab, 'post'))
        return lab
      },
    ],
    [
      'hook-foreign',
      2,
      () => {
        const lab = healthyLab()
        writeFileSync(launcher(lab, 'pre'), '#!/bin/sh\n')
        return lab
      },
    ],
    [
      'node-gone',
      2,
      () => {
        const lab = healthyLab()
        const text = readFileSync(launcher(lab, 'pre'), 'utf8').replace(/^node=.*$/m, "node='/nowhere/node'")
        writeFileSync(launcher(lab, 'pre'), text)
        return lab
      },
    ],
    [
      'launcher-drift',
      1,
      () => {
        const lab = healthyLab()
        const file = join(lab.configurationFolder, 'filevault.json')
        writeFileSync(
          file,
          JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), onCrash: 'continue' }),
        )
        return lab
      },
    ],
    [
      'launcher-drift',
      1,
      () => {
        const lab = healthyLab()
        const file = join(lab.configurationFolder, 'filevault.json')
        const settings = JSON.parse(readFileSync(file, 'utf8')) as object
        writeFileSync(file, JSON.stringify({ ...settings, limits: { hookMinutes: 100, waitMinutes: 50 } }))
        return lab
      },
    ],
    [
      'launcher-drift',
      1,
      () => {
        const lab = healthyLab()
        writeFileSync(join(lab.configurationFolder, 'other.txt'), '')
        lab.set({ excludes_filename: 'other.txt' })
        return lab
      },
    ],
    ['excludes-reset', 2, () => healthyLab({ excludes: '/x\n!\n' })],
    [
      'excludes-missing',
      2,
      () => {
        const lab = healthyLab()
        rmSync(lab.excludesFile)
        return lab
      },
    ],
    [
      'excludes-unusable',
      2,
      () => {
        const lab = healthyLab()
        lab.set({}, ['excludes_filename=$X'])
        return lab
      },
    ],
    ['block-left-over', 0, () => healthyLab({ excludes: '#[lbackup-filevault] >>> run=r lbackup=1 started=1\n' })],
    [
      'destination-missing',
      1,
      () => {
        const lab = healthyLab()
        rmSync(lab.destination, { recursive: true })
        return lab
      },
    ],
    [
      'store-adopted',
      0,
      () => {
        const lab = healthyLab()
        mkdirSync(join(lab.destination, '.lbackup-filevault'))
        const id = '00000000-0000-4000-8000-000000000000'
        writeFileSync(join(lab.destination, '.lbackup-filevault/store.json'), JSON.stringify({ id }))
        return lab
      },
    ],
    [
      'section-hole',
      2,
      () => {
        const lab = healthyLab()
        for (const name of ['Section.0', 'Section.2']) mkdirSync(join(lab.destination, name))
        return lab
      },
    ],
    [
      'sparse-image-whole',
      0,
      () => {
        const lab = healthyLab()
        writeSparseImage(join(lab.source, 'One.sparseimage'), { slots: [0] })
        return lab
      },
    ],
    [
      'policy-missing',
      0,
      () => {
        const lab = healthyLab({}, { policies: [{ match: { user: 'nobody-at-all' } }] })
        bundle(lab, 'alice/work/Work.sparsebundle')
        return lab
      },
    ],
    [
      'keychain-not-covered',
      1,
      () => {
        const lab = healthyLab()
        bundle(lab, 'bob/bob.sparsebundle')
        return lab
      },
    ],
    [
      'source-unsearched',
      1,
      () => {
        const lab = healthyLab({}, { search: { maxDepth: 1 } })
        mkdirSync(join(lab.source, 'a/b/c'), { recursive: true })
        return lab
      },
    ],
  ]
  for (const [code, exit, make] of cases) {
    it(`finds ${code}, with a cure`, async () => {
      const { codes, report, code: exitCode } = await examine(make())
      expect(codes).to.include(code)
      // Nothing else is found that would be louder.
      expect(exitCode, JSON.stringify(report.findings)).to.equal(exit)
      const finding = report.findings.find((one) => one.code === code)
      expect(finding?.cure).to.match(/\w{3}/)
      expect(isDocument('doctor', report)).to.equal(true)
    })
  }

  it('knows the backup disk of earlier runs', async () => {
    const lab = healthyLab()
    bundle(lab, 'alice/work/Work.sparsebundle')
    await runSession('ours', lab)
    const store = join(lab.destination, '.lbackup-filevault/store.json')
    const text = readFileSync(store, 'utf8')
    writeFileSync(store, text.replace(/[0-9a-f]{8}-/, '00000000-'))
    expect((await examine(lab)).codes).to.deep.equal(['store-different'])
    rmSync(store)
    const { codes, report } = await examine(lab)
    expect(codes).to.deep.equal(['store-missing'])
    expect(report.findings[0]?.cure).to.include(join(lab.folder, 'state/store.json'))
  })

  it('says what the hook could not read at its last run', async () => {
    const lab = healthyLab()
    await runSession('ours', lab)
    const file = join(lab.folder, 'state/status.json')
    const status = JSON.parse(readFileSync(file, 'utf8')) as { hookEnvironment: { unreadable: string[] } }
    status.hookEnvironment.unreadable = ['/Users/eve may not be opened.']
    writeFileSync(file, JSON.stringify(status))
    const { report, code } = await examine(lab)
    expect(code).to.equal(1)
    expect(report.findings[0]?.message).to.include('/Users/eve')
  })

  it('tells of our own lock that a dead run left', async () => {
    const lab = healthyLab()
    await runSession('ours', lab)
    const folder = join(lab.folder, 'state/lock')
    const [name] = readdirSync(folder)
    const held = JSON.parse(readFileSync(join(folder, name as string), 'utf8')) as Record<string, unknown>
    writeFileSync(join(folder, name as string), JSON.stringify({ ...held, released: false }))
    expect((await examine(lab)).codes).to.include('lock-stale')
  })

  it('finds locked images on a Mac, by its stat', async () => {
    const mac = fakeMac({ faults: { stat: { stdout: 'hidden,uchg\n-\n' } } })
    const lab = healthyLab({}, { platform: 'macos', tools: mac.tools, search: { mayBeEmpty: true } })
    for (const name of ['A', 'B']) bundle(lab, `x/y/${name}.sparsebundle`)
    const { report } = await examine(lab)
    const locked = report.findings.filter(({ code }) => code === 'image-immutable')
    expect(locked).to.have.length(1)
    expect(locked[0]?.message).to.include('A.sparsebundle').and.not.include('B.sparsebundle')
    mac.set({ faults: { stat: { code: 1, stderr: 'no' } } })
    expect((await examine(lab)).codes).to.include('check-impossible')
  })

  it('is content where the keychain lies in the source, or each image has its policy', async () => {
    const lab = healthyLab({}, { policies: [{ match: { user: 'bob' }, ifInUse: 'copy-and-prove' }] })
    bundle(lab, 'bob/bob.sparsebundle')
    mkdirSync(join(lab.source, 'Library/Keychains'), { recursive: true })
    writeFileSync(join(lab.source, 'Library/Keychains/FileVaultMaster.keychain'), '')
    const { codes } = await examine(lab)
    expect(codes).to.not.include('keychain-not-covered').and.not.include('policy-missing')
  })

  it('leaves what LBackup itself mounts at the right time, and what is no action, alone', async () => {
    const lab = healthyLab()
    lab.hook('pre', 'BACKUP-500-mount', 'mount /backup')
    lab.hook('post', 'BACKUP-500-unmount', 'umount /backup')
    lab.hook('pre', 'README', 'mount /backup')
    expect((await examine(lab)).codes).to.deep.equal(['no-run-yet'])
  })

  it('goes on with the other checks where one is impossible', async () => {
    const lab = healthyLab()
    mkdirSync(join(lab.folder, 'state'))
    writeFileSync(join(lab.folder, 'state/status.json'), '{')
    const { report, codes } = await examine(lab)
    expect(codes).to.deep.equal(['check-impossible'])
    expect(report.findings[0]?.message).to.include('status.json')
  })

  it('prints errors first, each with its cure, or one document', async () => {
    const lab = healthyLab({ settings: { post_actions_on_backup_error: 'NO', ignore_rsync_vanished_files: 'NO' } })
    const said = await runCli('doctor', '--config', lab.configurationFile)
    expect(said.code).to.equal(2)
    expect(said.stdout).to.match(
      /^error: One user .*\n {2}Write .*="YES"\nwarning: After .*\n.*\nnote: .*\n.*\n1 error, 1 warning and 1 note\.\n$/,
    )
    const { code, stdout } = await runCli('doctor', '--json', '--config', lab.configurationFile)
    expect(code).to.equal(2)
    expect(isDocument('doctor', JSON.parse(stdout))).to.equal(true)
  })

  it('works where nothing is installed', async () => {
    const lab = healthyLab()
    rmSync(join(lab.configurationFolder, 'resources'), { recursive: true })
    const { codes, report } = await examine(lab)
    expect(codes).to.deep.equal(['hook-not-installed', 'no-run-yet'])
    expect(report.findings[0]?.cure).to.equal(`Run: lbackup-filevault install --config ${lab.configurationFile}`)
  })
})
