import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { launchdUnits } from '../../../lib/daemon/launchd.js'
import { planInstall, planUninstall, type StandingUnit } from '../../../lib/daemon/plan.js'
import { seal, sealOf } from '../../../lib/daemon/seal.js'
import { systemdUnits } from '../../../lib/daemon/systemd.js'
import type { UnitFacts } from '../../../lib/daemon/unit-type.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { protect } from '../../support/protect.js'
import { makeLab } from '../../support/session/index.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { runCli } from '../cli/run.js'

const facts: UnitFacts = {
  id: '0123456789abcdef',
  node: '/usr/bin/node',
  program: '/usr/bin/true',
  configurationFile: '/etc/lb ackup/100%/$HOME "x".conf',
  writable: ['/var/lib/lbackup-filevault/0123456789abcdef'],
  roots: ['/srv/homes'],
  freezes: false,
  followsImages: true,
  alarmMinutes: 60,
}
const folder = fromText('/etc/systemd/system')
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0
const root = process.geteuid?.() === 0

describe('the units for systemd', function () {
  this.timeout(60_000)

  function written(units = systemdUnits(facts)): string[] {
    const place = temporaryFolder()
    return units.map(({ name, text }) => {
      writeFileSync(join(place, name), seal(text))
      return join(place, name)
    })
  }

  it('are what systemd understands', function () {
    if (!hasAnalyze) skip(this, 'systemd-analyze is not there')
    // The program must be there for systemd to be content.
    const units = systemdUnits({ ...facts, node: '/usr/bin/env', freezes: true })
    const { status, stderr, stdout } = spawnSync('systemd-analyze', ['verify', ...written(units)], { encoding: 'utf8' })
    expect(`${stderr}${stdout}`).to.equal('')
    expect(status).to.equal(0)
  })

  it('shut the daemon in as far as what it looks at allows', function () {
    if (!hasAnalyze) skip(this, 'systemd-analyze is not there')
    for (const path of written().filter((name) => name.endsWith('.service'))) {
      // In tenths; 10.0 is a service of root without any limit.
      const args = ['security', '--offline=yes', '--threshold=22', '--no-pager', path]
      const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
      expect(status, stdout).to.equal(0)
    }
  })

  it('name the configuration so that systemd takes every character as it is', () => {
    const [daemon] = systemdUnits(facts)
    expect(daemon?.text).to.include(
      String.raw`ExecStart=/usr/bin/node /usr/bin/true daemon run --config "/etc/lb ackup/100%%/$$HOME \"x\".conf"`,
    )
  })

  it('write to nothing but the state folder and the staging folder', () => {
    for (const { text } of systemdUnits({ ...facts, writable: [...facts.writable, '/srv/sta ging'] })) {
      if (!text.includes('ExecStart')) continue
      expect(text).to.include('ProtectSystem=strict\nProtectHome=read-only\n')
      expect(text).to.include(`ReadWritePaths=${facts.writable.join('')} "/srv/sta ging"\n`)
    }
  })

  it('let the daemon give what it freezes the modes of the image, and nothing else any such', () => {
    const texts = systemdUnits({ ...facts, freezes: true }).flatMap(({ name, text }) =>
      name.endsWith('.service') ? [text] : [],
    )
    expect(texts.map((text) => /^RestrictSUIDSGID=(.*)$/mu.exec(text)?.[1])).to.deep.equal(['no', 'yes'])
    expect(systemdUnits(facts)[0]?.text).to.include('RestrictSUIDSGID=yes\n')
  })

  it('leave the temporary folder in sight where images lie in it', () => {
    const tmp = (roots: readonly string[]): boolean =>
      systemdUnits({ ...facts, roots })[0]?.text.includes('PrivateTmp=no') === true
    expect(tmp(['/srv/homes'])).to.be.false
    for (const path of ['/tmp/homes', '/var/tmp', '/']) expect(tmp([path]), path).to.be.true
  })

  it('are the timer alone where the images are on another machine', () => {
    const units = systemdUnits({ ...facts, followsImages: false })
    expect(units.map(({ name }) => name)).to.deep.equal([
      'lbackup-filevault-alarm-0123456789abcdef.service',
      'lbackup-filevault-alarm-0123456789abcdef.timer',
    ])
  })
})

describe('the property lists for launchd', () => {
  it('are well-formed and say what is to run', async () => {
    const { parse } = await import('plist')
    const [daemon, alarm] = launchdUnits({ ...facts, configurationFile: '/a <b> & "c".conf' }).map(
      ({ text }) => parse(seal(text)) as unknown as Record<string, unknown>,
    )
    expect(daemon).to.deep.include({
      Label: 'lbackup-filevault.0123456789abcdef',
      ProgramArguments: ['/usr/bin/node', '/usr/bin/true', 'daemon', 'run', '--config', '/a <b> & "c".conf'],
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
    })
    expect(alarm).to.deep.include({ Label: 'lbackup-filevault.alarm.0123456789abcdef', StartInterval: 3600 })
    expect(alarm?.['ProgramArguments']).to.include('--alarm')
  })
})

describe('the seal of a unit', () => {
  for (const text of ['[Unit]\nDescription=x\n', launchdUnits(facts)[0]?.text ?? '']) {
    it(`knows each change of a byte, in ${text.slice(0, 5)}`, () => {
      const sealed = seal(text)
      expect(sealOf(sealed)).to.equal('ours')
      for (const place of [0, sealed.indexOf('sha256') + 10, sealed.length - 2]) {
        const other = `${sealed.slice(0, place)}${sealed[place] === '0' ? '1' : '0'}${sealed.slice(place + 1)}`
        expect(sealOf(other), `at ${String(place)}`).not.to.equal('ours')
      }
      expect(sealOf(`${sealed}\n`)).to.equal('changed')
      expect(sealOf(text)).to.equal('foreign')
    })
  }
})

describe('the plan of an installation', () => {
  const units = systemdUnits(facts)
  const names = units.map(({ name }) => name)
  const all =
    (edit: (text: string) => string, mode = 0o644) =>
    (path: string): StandingUnit => {
      const unit = units.find(({ name }) => path.endsWith(`/${name}`))
      return unit === undefined ? undefined : { text: edit(seal(unit.text)), mode }
    }
  const code = (act: () => unknown): unknown => {
    try {
      return act()
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('writes what is missing or older, and nothing twice', () => {
    const nothing = (): StandingUnit => undefined
    expect(planInstall(units, folder, nothing).map(({ kind, path }) => `${kind} ${path}`)).to.deep.equal(
      names.map((name) => `write-file /etc/systemd/system/${name}`),
    )
    expect(
      planInstall(
        units,
        folder,
        all((text) => text),
      ),
    ).to.deep.equal([])
    expect(
      planInstall(
        units,
        folder,
        all((text) => text, 0o666),
      ),
    ).to.have.length(3)
    const older = (path: string): StandingUnit => {
      const unit = units.find(({ name }) => path.endsWith(name))
      return { text: seal(`${unit?.text ?? ''}# older\n`), mode: 0o644 }
    }
    expect(planInstall(units, folder, older)).to.have.length(3)
    expect(planUninstall(names, folder, older)).to.have.length(3)
    expect(planUninstall(names, folder, nothing)).to.deep.equal([])
  })

  it('touches nothing that was changed by hand or is not ours', () => {
    for (const plan of [
      (standing: (path: string) => StandingUnit) => planInstall(units, folder, standing),
      (standing: (path: string) => StandingUnit) => planUninstall(names, folder, standing),
    ]) {
      expect(code(() => plan(all((text) => `${text}Nice=0\n`)))).to.equal('unit-changed')
      expect(code(() => plan(all(() => '[Unit]\n')))).to.equal('unit-foreign')
      expect(code(() => plan(() => 'other'))).to.equal('unit-foreign')
    }
  })
})

describe('daemon install and uninstall', function () {
  this.timeout(60_000)

  /** A lab, a folder for units, and a systemctl that notes its calls. */
  function place() {
    const lab = makeLab()
    const [units, calls, systemctl] = [
      join(lab.folder, 'units'),
      join(lab.folder, 'calls'),
      join(lab.folder, 'systemctl'),
    ]
    mkdirSync(units)
    writeFileSync(systemctl, `#!/bin/sh\necho "$@" >> '${calls}'\n`, { mode: 0o755 })
    const state = protect(lab, { platform: 'linux', tools: { systemctl } })
    const run = (...args: string[]) => runCli('daemon', ...args, '--config', lab.configurationFile)
    return { lab, units, state, run, called: () => readFileSync(calls, 'utf8').trimEnd().split('\n') }
  }

  it('writes the units and the state folder, says how to start them, and does it where it is asked to', async function () {
    if (!root) skip(this, 'needs root')
    const { units, state, run, called } = place()
    const dry = await run('install', '--folder', units, '--dry-run')
    expect([dry.code, readdirSync(units)]).to.deep.equal([0, []])
    const done = await run('install', '--folder', units)
    expect(done.stderr).to.equal('')
    const names = readdirSync(units)
    expect(names.map((name) => name.replace(/[0-9a-f]{16}/, 'ID')).sort()).to.deep.equal([
      'lbackup-filevault-ID.service',
      'lbackup-filevault-alarm-ID.service',
      'lbackup-filevault-alarm-ID.timer',
    ])
    for (const name of names) expect(statSync(join(units, name)).mode & 0o777).to.equal(0o644)
    expect(statSync(state).mode & 0o777).to.equal(0o700)
    const service = names.find((name) => !name.includes('alarm')) ?? ''
    const timer = names.find((name) => name.endsWith('.timer')) ?? ''
    expect(done.stdout).to.include(`  systemctl daemon-reload\n  systemctl enable --now ${service} ${timer}\n`)
    expect(called).to.throw('ENOENT')
    const again = await run('install', '--folder', units, '--enable')
    expect(again.stdout).to.include('Nothing changed')
    expect(called()).to.deep.equal(['daemon-reload', `enable --now ${service} ${timer}`])
    const gone = await run('uninstall', '--folder', units, '--disable')
    expect(gone.code).to.equal(0)
    expect(readdirSync(units)).to.deep.equal([])
    expect(called().at(-1)).to.equal(`disable --now ${service} ${timer}`)
    expect((await run('uninstall', '--folder', units)).stdout).to.include('Nothing to remove')
  })

  it('leaves what was changed by hand, whole', async function () {
    if (!root) skip(this, 'needs root')
    const { units, run } = place()
    await run('install', '--folder', units)
    const service = join(units, readdirSync(units).sort()[0] ?? '')
    writeFileSync(service, 'Nice=0\n', { flag: 'a' })
    for (const verb of ['install', 'uninstall']) {
      const { code, stderr } = await run(verb, '--folder', units)
      expect(code).to.equal(2)
      expect(stderr).to.include(`${service} was changed by hand since daemon install wrote it`)
    }
    expect(readdirSync(units)).to.have.length(3)
  })

  it('says whether it runs: exit code 3 where nothing is known of it, 64 where it is asked nothing', async () => {
    const { run } = place()
    const { code, stdout } = await run('status')
    expect([code, stdout.split('\n')[0]]).to.deep.equal([3, 'The daemon does not run, and is not installed.'])
    expect((await run()).code).to.equal(64)
    expect((await run('start')).code).to.equal(64)
  })
})

describe('the rights that the unit leaves', function () {
  this.timeout(60_000)

  it('are those by which processes of others and their open images are seen', function () {
    if (!root || spawnSync('setpriv', ['--version']).status !== 0) skip(this, 'needs root and setpriv')
    const file = join(temporaryFolder(), 'open')
    writeFileSync(file, 'x')
    const set = /^CapabilityBoundingSet=(.*)$/m.exec(systemdUnits(facts)[0]?.text ?? '')?.[1] ?? ''
    const allowed = set.split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)
    const shut = `setpriv --bounding-set -all,${allowed.join(',')} --no-new-privs`
    // A process of another user holds the file open.
    const script = `setpriv --reuid 65534 --regid 65534 --clear-groups sleep 30 <'${file}' & sleep_pid=$!
      until [ "$(stat -c %u /proc/$sleep_pid)" = 65534 ]; do :; done
      ${shut} readlink /proc/$sleep_pid/fd/0; kill $sleep_pid`
    const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    const bare = spawnSync('sh', ['-c', script.replace(/-all,\S+/, '-all')], { encoding: 'utf8' })
    expect(bare.stdout).to.equal('')
    expect(stdout.trim()).to.equal(file)
  })
})
