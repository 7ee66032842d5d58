import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { configSample } from '../../lib/generated/config-sample.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { hosts, makeLab, needHost, runSession, type Lab } from '../support/session/index.js'
import { temporaryFolder } from '../support/temporary.js'
import { runCli } from '../unit/cli/run.js'

const project = fileURLToPath(new URL('../..', import.meta.url))

const preLauncher = (lab: Lab): string => join(lab.configurationFolder, 'resources/pre-actions/BACKUP-850-filevault')
const postLauncher = (lab: Lab): string => join(lab.configurationFolder, 'resources/post-actions/BACKUP-050-filevault')

/** Keeps all records of a test inside its lab. */
function withSettings(lab: Lab): Lab {
  const settings = { stateFolder: join(lab.folder, 'state'), limits: { quietSeconds: 0.05 } }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(settings))
  return lab
}

/** Every name below a folder with mode and content: two equal trees saw no change. */
function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stats = statSync(join(folder, name))
      const content = stats.isFile() ? readFileSync(join(folder, name), 'utf8') : ''
      return `${name} ${(stats.mode & 0o7777).toString(8)} ${content}`
    })
}

describe('install', function () {
  this.timeout(60_000)

  it('writes both launchers and the sample, tries them, and says what to paste', async () => {
    const lab = makeLab()
    const { code, stdout, stderr } = await runCli('install', '--config', lab.configurationFile)
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    for (const file of [preLauncher(lab), postLauncher(lab)]) {
      expect(statSync(file).mode & 0o7777).to.equal(0o755)
      expect(readFileSync(file, 'utf8')).to.match(/^node='\/.*node'$/m)
      expect(stdout).to.include(`write ${file}\n`)
    }
    expect(readFileSync(join(lab.configurationFolder, 'filevault.json'), 'utf8')).to.equal(configSample)
    expect(stdout).to.match(/^ {2}post_actions_on_backup_error="YES"\n {2}ignore_rsync_vanished_files="YES"$/m)
    expect(stdout).to.include(`lbackup-filevault doctor --config ${lab.configurationFile}`)
  })

  it('does not ask for lines that are there already', async () => {
    const lab = withSettings(
      makeLab({ settings: { post_actions_on_backup_error: 'YES', ignore_rsync_vanished_files: 'YES' } }),
    )
    const { stdout } = await runCli('install', '--config', lab.configurationFile)
    expect(stdout).to.not.include('Paste')
  })

  it('changes nothing the second time, and says so', async () => {
    const lab = withSettings(makeLab())
    await runCli('install', '--config', lab.configurationFile)
    const before = tree(lab.configurationFolder)
    const inode = statSync(preLauncher(lab)).ino
    const { code, stdout } = await runCli('install', '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(stdout).to.include('Nothing changed')
    expect(tree(lab.configurationFolder)).to.deep.equal(before)
    expect(statSync(preLauncher(lab)).ino).to.equal(inode)
  })

  it('puts right a launcher that drifted, and keeps settings that are there', async () => {
    const lab = withSettings(makeLab())
    await runCli('install', '--config', lab.configurationFile)
    const settings = JSON.stringify({ stateFolder: join(lab.folder, 'state'), onCrash: 'continue' })
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), settings)
    chmodSync(postLauncher(lab), 0o644)
    const { code, stdout } = await runCli('install', '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(stdout).to.include(`write anew ${preLauncher(lab)}`)
    expect(readFileSync(preLauncher(lab), 'utf8')).to.include("on_crash='continue'")
    expect(statSync(postLauncher(lab)).mode & 0o111).to.equal(0o111)
    expect(readFileSync(join(lab.configurationFolder, 'filevault.json'), 'utf8')).to.equal(settings)
  })

  it('only prints with --dry-run', async () => {
    const lab = makeLab()
    rmSync(join(lab.configurationFolder, 'resources'), { recursive: true })
    const before = tree(lab.configurationFolder)
    const { code, stdout } = await runCli('install', '--dry-run', '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(stdout.match(/^would /gm)).to.have.length(6)
    expect(stdout).to.match(/^would write .*BACKUP-850-filevault$/m)
    expect(tree(lab.configurationFolder)).to.deep.equal(before)
  })

  it('makes folders that are missing, which uninstall takes away again', async () => {
    const lab = makeLab()
    rmSync(join(lab.configurationFolder, 'resources'), { recursive: true })
    const before = tree(lab.configurationFolder)
    expect(await runCli('install', '--config', lab.configurationFile)).to.include({ code: 0 })
    expect(await runCli('uninstall', '--config', lab.configurationFile)).to.include({ code: 0 })
    expect(tree(lab.configurationFolder)).to.deep.equal(before)
  })

  it('takes everything back where the hook cannot work, and says why', async () => {
    const lab = makeLab()
    const before = tree(lab.configurationFolder)
    // What every launcher refuses: others may write the folder our settings lie in.
    chmodSync(lab.configurationFolder, 0o777)
    const { code, stderr } = await runCli('install', '--config', lab.configurationFile)
    expect(code).to.equal(2)
    expect(stderr).to.include('may be written by everybody')
    expect(tree(lab.configurationFolder)).to.deep.equal(before)
  })

  it('refuses a folder with a blank, an excludes name it cannot read, and somebody else’s file', async () => {
    const blank = makeLab({ configurationFolderName: 'my config' })
    expect((await runCli('install', '--config', blank.configurationFile)).stderr).to.include('has a blank in its path')

    const opaque = makeLab()
    opaque.set({}, ['excludes_filename=$HOME/x'])
    const unread = await runCli('install', '--config', opaque.configurationFile)
    expect(unread.code).to.equal(2)
    expect(unread.stderr).to.match(/excludes_filename cannot be read .*line 8 .*\nWrite excludes_filename="…"/)

    const taken = makeLab()
    taken.hook('pre', 'BACKUP-850-filevault', 'exit 0')
    const foreign = await runCli('install', '--config', taken.configurationFile)
    expect(foreign.code).to.equal(2)
    expect(foreign.stderr).to.include('was not made by lbackup-filevault; nothing was changed')
    expect(tree(taken.configurationFolder).join()).to.not.include('filevault.json')
  })

  it('refuses to install hooks that are not built, and says how to build them', () => {
    const copy = temporaryFolder()
    for (const name of ['lib', 'hooks', 'package.json'])
      cpSync(join(project, name), join(copy, name), { recursive: true })
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'))
    const lab = makeLab()
    const args = ['--import=tsx', 'lib/cli/bin.ts', 'install', '--config', lab.configurationFile]
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' })
    expect(status).to.equal(2)
    expect(stderr).to.include(`Run in ${copy}: npm ci && npm run build`)
    expect(readdirSync(lab.configurationFolder)).to.not.include('filevault.json')
  })

  it('refuses while LBackup runs', async () => {
    const lab = withSettings(makeLab())
    let during = { code: 0, stderr: '' }
    await runSession('ours', lab, {
      at: {
        'before-rsync': async () => {
          during = await runCli('install', '--config', lab.configurationFile)
        },
      },
    })
    expect(during.code).to.equal(2)
    expect(during.stderr).to.include('in the middle of a backup')
  })

  it('follows a linked configuration to its folder', async () => {
    const lab = withSettings(makeLab())
    const link = join(lab.folder, 'link.conf')
    symlinkSync(lab.configurationFile, link)
    const { code } = await runCli('install', '--config', link)
    expect(code).to.equal(0)
    expect(statSync(preLauncher(lab)).isFile()).to.equal(true)
  })
})

describe('uninstall', function () {
  this.timeout(60_000)

  it('leaves the configuration as it was, and has nothing to do the second time', async () => {
    const lab = makeLab()
    lab.hook('pre', 'BACKUP-500-mount', 'exit 0')
    const before = tree(lab.configurationFolder)
    await runCli('install', '--config', lab.configurationFile)
    const { code, stdout } = await runCli('uninstall', '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^done: remove .*BACKUP-850-filevault$/m)
    expect(tree(lab.configurationFolder)).to.deep.equal(before)
    const again = await runCli('uninstall', '--config', lab.configurationFile)
    expect(again.code).to.equal(0)
    expect(again.stdout).to.match(/^Nothing to remove/)
  })

  it('takes a left-over block out, keeps changed settings and the records, and says where they are', async () => {
    const lab = withSettings(makeLab({ excludes: '/mine\n' }))
    mkdirSync(join(lab.folder, 'state'))
    await runCli('install', '--config', lab.configurationFile)
    const block =
      '#[lbackup-filevault] >>> run=r lbackup=1 started=1\n#[lbackup-filevault] = - /x\n- /x\n#[lbackup-filevault] <<< run=r\n'
    writeFileSync(lab.excludesFile, `${block}/mine\n`)
    const dry = await runCli('uninstall', '--dry-run', '--config', lab.configurationFile)
    expect(dry.stdout).to.include(`would take our lines out of ${lab.excludesFile}`)
    expect(readFileSync(lab.excludesFile, 'utf8')).to.include('- /x')
    const { stdout } = await runCli('uninstall', '--config', lab.configurationFile)
    expect(readFileSync(lab.excludesFile, 'utf8')).to.equal('/mine\n')
    expect(stdout).to.include('Left: filevault.json')
    expect(stdout).to.include(`in ${join(lab.folder, 'state')}`)
  })

  it('does not touch a file of somebody else under our name, and works with settings that are broken', async () => {
    const lab = makeLab()
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), '{')
    const file = lab.hook('post', basename(postLauncher(lab)), 'exit 0')
    const { code, stdout } = await runCli('uninstall', '--config', lab.configurationFile)
    expect(code).to.equal(0)
    expect(stdout).to.include('Left: a post action under our name')
    expect(statSync(file).isFile()).to.equal(true)
  })
})

for (const host of hosts) {
  describe(`a night after install, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('is protected by the hooks, and after uninstall no longer', async () => {
      const lab = withSettings(makeLab())
      mkdirSync(join(lab.source, 'alice'))
      writeSparseBundle(join(lab.source, 'alice/Work.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
      await runCli('install', '--config', lab.configurationFile)
      const night = await runSession(host, lab)
      expect(night.exitCode).to.equal(0)
      expect(night.log).to.match(/lbackup-filevault: proven: .*Work\.sparsebundle/)
      expect((await runCli('uninstall', '--config', lab.configurationFile)).code).to.equal(0)
      const later = await runSession(host, lab)
      expect(later.exitCode).to.equal(0)
      expect(later.log.slice(night.log.length)).to.not.include('lbackup-filevault')
    })
  })
}
