import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { help } from '../../../lib/cli/config.js'
import type { cli as Cli } from '../../../lib/cli/main.js'
import { configSample } from '../../../lib/generated/config-sample.js'
import type { SettingsReport } from '../../../lib/generated/settings.js'
import { temporaryFolder } from '../../support/temporary.js'
import { written } from './support.js'

// Mocha loads this file by require, verbs are loaded by import: taken by import, they share one OperationalError.
let cli: typeof Cli
before(async () => {
  ;({ cli } = await import('../../../lib/cli/main.js'))
})

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' }
  const code = await cli(['config', ...args], {
    stdout: (text) => void (said.stdout += text),
    stderr: (text) => void (said.stderr += text),
    env: {},
  })
  return { code, ...said }
}

/** An LBackup configuration, with our file beside it where a content is given. */
function lbackup(content?: string): { conf: string; file: string } {
  const file = content === undefined ? join(temporaryFolder(), 'filevault.json') : written(content)
  const conf = join(dirname(file), 'backup.conf')
  writeFileSync(conf, '')
  return { conf, file }
}

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/settings.schema.json', import.meta.url), 'utf8'),
) as object
const isSettingsReport = new Ajv2020().compile<SettingsReport>(schema)

function document(text: string): SettingsReport {
  const parsed: unknown = JSON.parse(text)
  if (isSettingsReport(parsed)) return parsed
  throw new Error(JSON.stringify(isSettingsReport.errors))
}

describe('config init', () => {
  it('writes the sample, which validate then calls fine', async () => {
    const { conf, file } = lbackup()
    expect(await run('init', '--config', conf)).to.include({ code: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).to.equal(configSample)
    expect(statSync(file).mode & 0o777).to.equal(0o644)
    expect(await run('validate', '--config', conf)).to.include({ code: 0, stdout: `${file} is fine.\n` })
  })

  it('leaves a file that is there, but with --force', async () => {
    const { conf, file } = lbackup('{"platform": "linux"}')
    const { code, stderr } = await run('init', '--config', conf)
    expect(code).to.equal(2)
    expect(stderr).to.include(`${file} is there already; nothing was written.`)
    expect(readFileSync(file, 'utf8')).to.equal('{"platform": "linux"}')
    expect(await run('init', '--force', '--config', conf)).to.include({ code: 0 })
    expect(readFileSync(file, 'utf8')).to.equal(configSample)
  })
})

describe('config validate', () => {
  it('names errors of the file and of the programs it names', async () => {
    const bad = await run('validate', '--config', lbackup('{"a": 1}').conf)
    expect(bad.code).to.equal(2)
    expect(bad.stdout).to.match(/^error: line 1:2, a: .*\n.*cannot be used: 1 error\.\n$/u)
    const tool = await run('validate', '--config', lbackup('{"tools": {"ps": "/nowhere"}}').conf)
    expect(tool.code).to.equal(2)
    expect(tool.stdout).to.match(/^error: line 1:18, tools\.ps: \/nowhere is not there\.\n/u)
  })

  it('ends with 1 where there are only warnings', async () => {
    const { conf, file } = lbackup('{"limits": {"quietSeconds": 0}}')
    const { code, stdout } = await run('validate', '--config', conf)
    expect(code).to.equal(1)
    expect(stdout).to.match(/^warning: line 1:29, limits\.quietSeconds: /u)
    expect(stdout).to.include(`${file} is fine, with 1 warning.`)
  })

  it('says that there is no file', async () => {
    const { code, stdout } = await run('validate', '--config', lbackup().conf)
    expect(code).to.equal(0)
    expect(stdout).to.include('every setting is at its default')
  })

  it('prints one document with --json, also of a file that cannot be used', async () => {
    const { code, stdout } = await run('validate', '--json', '--config', lbackup('{"a": 1}').conf)
    expect(code).to.equal(2)
    expect(document(stdout)).to.deep.include({ present: true, settings: [] })
    expect(document(stdout).problems.map(({ line, column, path }) => [line, column, path])).to.deep.equal([[1, 2, 'a']])
  })
})

describe('config show', () => {
  it('prints every setting and marks what the file says', async () => {
    const { stdout, code } = await run('show', '--config', lbackup('{"policies": [{"match": {"user": "bob"}}]}').conf)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^policies\[0\]\.match\.user +\* "bob"$/mu)
    expect(stdout).to.match(/^policies\[1\]\.ifInUse {2,}"leave-out"$/mu)
    expect(stdout).to.match(/^search\.roots {2,}\[\]$/mu)
    expect(stdout).to.match(/^report\.noRunHours {2,}30$/mu)
  })

  it('prints the same as one document', async () => {
    const { stdout } = await run('show', '--json', '--config', lbackup('{"limits": {"hookMinutes": 300}}').conf)
    const { settings, schema: name } = document(stdout)
    expect(name).to.equal('settings/1')
    expect(settings).to.deep.include({ path: 'limits.hookMinutes', value: 300, origin: 'file' })
    expect(settings).to.deep.include({ path: 'onCrash', value: 'halt', origin: 'default' })
  })

  it('lists every error where the file cannot be used', async () => {
    const { code, stderr } = await run('show', '--config', lbackup('{"a": 1, "b": 2}').conf)
    expect(code).to.equal(2)
    expect(stderr).to.match(/line 1:2, a: .*\n {2}line 1:10, b: /u)
  })
})

describe('config', () => {
  it('explains itself on one screen', async () => {
    expect(await run('--help')).to.include({ code: 0, stdout: help })
    expect(help.split('\n')).to.have.length.below(24)
    for (const line of help.split('\n')) expect(line).to.have.length.below(80)
  })

  it('ends with 64 where it is called wrong', async () => {
    const { conf } = lbackup()
    const wrong = [[], ['show'], ['bogus', '--config', conf], ['show', 'more', '--config', conf], ['show', '--bogus']]
    for (const args of wrong) {
      const { code, stdout, stderr } = await run(...args)
      expect(code, args.join(' ')).to.equal(64)
      expect(stdout).to.equal('')
      expect(stderr).to.match(/--help/u)
    }
  })

  it("ends with 2 where LBackup's configuration is not there", async () => {
    const { code, stderr } = await run('show', '--config', '/nowhere/backup.conf')
    expect(code).to.equal(2)
    expect(stderr).to.include('/nowhere/backup.conf, the configuration file of LBackup, is not there.')
  })
})
