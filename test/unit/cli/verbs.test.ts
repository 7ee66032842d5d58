import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { expect } from 'chai'
import { makeLab, runSession } from '../../support/session/index.js'
import { runCli } from './run.js'

const program = fileURLToPath(new URL('../../../dist/lib/cli/bin.js', import.meta.url))
const verbs = 'tonight status doctor discover inspect verify export config install uninstall daemon pre post'.split(' ')

describe('every verb', () => {
  for (const verb of verbs) {
    it(`${verb} explains itself on one screen`, async () => {
      const { code, stdout, stderr } = await runCli(verb, '--help')
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      const lines = stdout.trimEnd().split('\n')
      expect(lines).to.have.length.below(25)
      for (const line of lines) expect(line.length, line).to.be.at.most(80)
      expect(lines[0]).to.match(new RegExp(`^usage: lbackup-filevault ${verb}`))
      expect(stdout).to.include('exit codes')
    })

    it(`${verb} ends with 64 where it is called wrong`, async () => {
      const { code, stdout, stderr } = await runCli(verb, '--no-such-option')
      expect({ code, stdout }).to.deep.equal({ code: 64, stdout: '' })
      expect(stderr).to.include('--help')
    })
  }

  it('that needs a configuration, a folder or an image says so', async () => {
    for (const verb of ['tonight', 'status', 'doctor', 'install', 'uninstall', 'discover', 'inspect', 'verify']) {
      const { code, stderr } = await runCli(verb)
      expect(code, verb).to.equal(64)
      expect(stderr, verb).to.include(`lbackup-filevault ${verb} --help`)
    }
    const lab = makeLab()
    for (const verb of ['tonight', 'status', 'doctor', 'install', 'uninstall']) {
      expect((await runCli(verb, 'more', '--config', lab.configurationFile)).code, verb).to.equal(64)
    }
    expect((await runCli('inspect', '/a', '/b')).code).to.equal(64)
  })

  it('that needs a configuration ends with 2 where it is not there', async () => {
    for (const verb of ['tonight', 'status', 'doctor', 'install', 'uninstall']) {
      const { code, stderr } = await runCli(verb, '--config', '/nowhere/backup.conf')
      expect(code, verb).to.equal(2)
      expect(stderr, verb).to.include('/nowhere/backup.conf, the configuration file of LBackup, is not there.')
    }
  })

  it('that runs programs runs none that others may write; what only tells of the past still does', async () => {
    const lab = makeLab()
    const tool = join(lab.folder, 'lsof')
    writeFileSync(tool, '#!/bin/sh\n')
    chmodSync(tool, 0o775)
    const settings = { stateFolder: join(lab.folder, 'state'), tools: { lsof: tool } }
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(settings))
    const image = join(lab.source, 'A.sparsebundle')
    writeSparseBundle(image, { bands: [{ index: 0, length: 8192 }] })
    const calls = [
      ['tonight'],
      ['verify', image],
      ['inspect', image],
      ['export', image, '-o', join(lab.folder, 'disk')],
      ['daemon', 'run'],
    ]
    for (const call of calls) {
      const { code, stderr } = await runCli(...call, '--config', lab.configurationFile)
      expect(code, call[0]).to.equal(2)
      expect(stderr, call[0]).to.include(`root would run what others may change: ${tool} may be written by its group`)
    }
    expect((await runCli('status', '--config', lab.configurationFile)).code).to.equal(3)
    expect((await runCli('list', '--config', lab.configurationFile)).code).to.equal(1)
  })

  it('that is about the copies of an image ends with 2 where there is none of it', async () => {
    const config = ['--config', makeLab().configurationFile]
    for (const call of [
      ['list', 'bob'],
      ['restore', 'bob', '--to', '/nowhere'],
      ['forget', 'bob'],
    ]) {
      const { code, stderr } = await runCli(...call, ...config)
      expect(code, call[0]).to.equal(2)
      expect(stderr, call[0]).to.include('No copy of "bob" is known.')
    }
    expect((await runCli('restore', '--drill', '--json', ...config)).code, 'a trial has no document').to.equal(64)
  })

  it('that is a hook needs LBackup', () => {
    // Without LBackup's environment the backup is halted, and a post hook warns.
    for (const [verb, code] of [
      ['pre', 129],
      ['post', 1],
    ] as const) {
      const { status, stdout } = spawnSync(process.execPath, [program, verb], { encoding: 'utf8', env: {} })
      expect(status, verb).to.equal(code)
      expect(stdout, verb).to.include('ERROR! This is a hook of LBackup, but LBackup did not start it')
    }
  })

  it('that is a hook does the work of one in a session', async () => {
    const lab = makeLab()
    mkdirSync(join(lab.source, 'alice'))
    writeSparseBundle(join(lab.source, 'alice/Work.sparsebundle'), { bands: [{ index: 0, length: 8192 }] })
    const settings = { stateFolder: join(lab.folder, 'state'), limits: { quietSeconds: 0.05 } }
    writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(settings))
    for (const phase of ['pre', 'post'] as const) {
      lab.hook(phase, 'BACKUP-400-ours', `exec '${process.execPath}' '${program}' ${phase}`)
    }
    const { exitCode, log } = await runSession('ours', lab)
    expect(exitCode).to.equal(0)
    expect(log).to.match(/lbackup-filevault: proven: .*Work\.sparsebundle/)
  })
})
