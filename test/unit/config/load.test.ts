import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { configFileBeside } from '../../../lib/config/load.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'
import { load, refusal, written } from './support.js'

describe('loadConfig', () => {
  it('takes all defaults where there is no file, and says so', () => {
    const { present, config, warnings } = load(join(temporaryFolder(), 'filevault.json'))
    expect(present).to.equal(false)
    expect(warnings).to.deep.equal([])
    expect(config.limits).to.deep.equal({
      clientMinutes: 60,
      commandSeconds: 60,
      hookMinutes: 240,
      waitMinutes: 60,
      quietSeconds: 2,
      keyRounds: 10_000_000,
    })
  })

  it('returns what the file says, with its warnings and places', () => {
    const { present, config, warnings, place } = load(written('{\n "limits": {"quietSeconds": 1}}'))
    expect(present).to.equal(true)
    expect(config.limits.quietSeconds).to.equal(1)
    expect(warnings.map(({ severity, line, path }) => [severity, line, path])).to.deep.equal([
      ['warning', 2, 'limits.quietSeconds'],
    ])
    expect(place(['limits', 'quietSeconds'])).to.deep.equal({ line: 2, column: 29 })
  })

  it('throws one error that lists every problem', () => {
    const file = written('{"a": 1,\n "b": 2}')
    const error = refusal(file)
    expect(error).to.be.instanceOf(OperationalError)
    expect(error.code).to.equal('config-invalid')
    expect(error.message).to.match(
      /^.*filevault\.json cannot be used \(2 errors\):\n {2}line 1:2, a: .*\n {2}line 2:2, b: /u,
    )
    expect(error.problems).to.have.lengthOf(2)
  })

  it('lists at most fifty problems in words', () => {
    const keys = Array.from({ length: 60 }, (_, index) => [`key${String(index)}`, 1])
    const error = refusal(written(JSON.stringify(Object.fromEntries(keys))))
    expect(error.message.split('\n')).to.have.lengthOf(52)
    expect(error.message).to.match(/and 10 more$/u)
    expect(error.problems).to.have.lengthOf(60)
  })

  for (const mode of [0o664, 0o646, 0o666]) {
    it(`refuses a file of mode ${mode.toString(8)}, besides what else is wrong with it`, () => {
      const file = written('{"a": 1}')
      chmodSync(file, mode)
      const { message, problems } = refusal(file)
      expect(problems).to.have.lengthOf(2)
      expect(message).to.match(
        /filevault\.json may be written by (its group|everybody) \(mode 6\d\d\): run chmod go-w/u,
      )
    })
  }

  it('refuses a file in a folder that others may write', () => {
    const file = written('{}')
    chmodSync(dirname(file), 0o775)
    expect(refusal(file).message).to.include(`${dirname(file)} may be written by its group`)
  })

  it('refuses a file or folder of another user', function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can give a file to another user')
    const file = written('{}')
    chownSync(file, 4242, 0)
    expect(refusal(file).message).to.include('filevault.json belongs to user id 4242')
    chownSync(file, 0, 0)
    chownSync(dirname(file), 4243, 0)
    expect(refusal(file).message).to.include(`${dirname(file)} belongs to user id 4243`)
  })

  it('looks at both folders of a file that is a link', () => {
    const target = written('{}')
    const link = join(temporaryFolder(), 'filevault.json')
    symlinkSync(target, link)
    expect(load(link).present).to.equal(true)
    chmodSync(dirname(target), 0o777)
    expect(refusal(link).message).to.include(`${dirname(target)} may be written by everybody`)
    chmodSync(dirname(target), 0o755)
    chmodSync(dirname(link), 0o777)
    expect(refusal(link).message).to.include(`${dirname(link)} may be written by everybody`)
  })

  it('refuses a file larger than a megabyte, and what is no file', () => {
    expect(refusal(written(`{}${' '.repeat(1 << 20)}`)).message).to.include('larger than 1.0 MiB')
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'filevault.json'))
    expect(() => load(join(folder, 'filevault.json'))).to.throw(OperationalError, 'is not a regular file')
  })
})

describe('configFileBeside', () => {
  it("lies in the folder of the real path of LBackup's configuration", () => {
    const real = join(temporaryFolder(), 'backup.conf')
    writeFileSync(real, '')
    const link = join(temporaryFolder(), 'link.conf')
    symlinkSync(real, link)
    expect(configFileBeside(fromText(link))).to.equal(join(dirname(real), 'filevault.json'))
  })

  it('says so where there is no such configuration', () => {
    const absent = join(temporaryFolder(), 'backup.conf')
    expect(() => configFileBeside(fromText(absent))).to.throw(
      OperationalError,
      `${absent}, the configuration file of LBackup`,
    )
  })
})
