import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { auditOf, backupSet, longAgo } from '../audit/set.js'
import { runCli } from './run.js'

describe('audit on a terminal', function () {
  this.timeout(60_000)

  it('folds sections of the same state, names what was missed, and tells the age', async () => {
    const { destination, source, backup, rewrite } = backupSet()
    for (let count = 0; count < 3; count += 1) backup()
    rewrite('1', longAgo + 5)
    backup()
    const { stdout, code } = await runCli('audit', destination, '--source', source)
    expect(code).to.equal(1)
    expect(stdout).to.match(/newest complete copy: Section\.0, made \d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ s ago/)
    expect(stdout).to.include('  missed: bands/1\n')
    expect(stdout).to.include('  Section.0: complete, 1 member missed\n')
    expect(stdout).to.include('  Section.1 to Section.3: complete\n')
  })

  it('needs one screen for each image, whatever thirty sections are', async () => {
    const { destination, backup, copy } = backupSet()
    for (let count = 0; count < 30; count += 1) backup()
    for (let number = 0; number < 30; number += 2) {
      rmSync(join(copy(number), 'bands/2'))
      writeFileSync(join(copy(number), 'bands/2'), Buffer.alloc(number + 1))
    }
    const { stdout } = await runCli('audit', destination)
    const [screen] = stdout.split('\n\n')
    const lines = (screen as string).split('\n')
    expect(lines.length).to.be.within(10, 24)
    expect(stdout).to.match(/\d+ more lines: see --json/)
    for (const line of lines) expect(line.length, line).to.be.at.most(100)
    expect(stdout).to.include('name --source')
  })

  it('ends with 2 where an image has no complete copy, and says so', async () => {
    const { destination, backup, copy } = backupSet()
    backup()
    rmSync(join(copy(0), 'token'))
    const { code, stdout } = await runCli('audit', destination)
    expect([code, stdout]).to.deep.equal([2, stdout])
    expect(stdout).to.include('NO COMPLETE COPY')
  })

  it('warns where no section holds an image, and ends with 2 where there is no section', async () => {
    const { destination } = backupSet()
    expect((await runCli('audit', destination)).code).to.equal(2)
    mkdirSync(join(destination, 'Section.0'))
    const { code, document } = await auditOf(destination)
    expect([code, document.outcome]).to.deep.equal([1, 'warning'])
  })

  it('never keeps to itself that nothing was compared', async () => {
    const { destination, source, image, folder, backup } = backupSet()
    backup()
    symlinkSync(folder, join(folder, 'way'))
    const through = await runCli('audit', destination, '--source', join(folder, 'way/source'))
    expect([through.code, through.stdout]).to.deep.equal([0, through.stdout])
    expect(through.stdout).to.include('names, sizes and times are those of the image')
    rmSync(image, { recursive: true })
    expect((await runCli('audit', destination, '--source', source)).stdout).to.include('not compared')
    const { code, stderr } = await runCli('audit', destination, '--source', `${source}-misspelt`)
    expect(code).to.equal(2)
    expect(stderr).to.include('is not there')
  })

  it('ends with 64 for a call it does not understand', async () => {
    for (const args of [[], ['/a', '/b'], ['/a', '--section', '1']]) {
      expect((await runCli('audit', ...args)).code, args.join(' ')).to.equal(64)
    }
    expect((await runCli('audit', '--help')).stdout.split('\n').length).to.be.at.most(24)
  })
})
