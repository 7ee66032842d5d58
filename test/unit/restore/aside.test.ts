import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Listing } from '../../../lib/generated/listing.js'
import type { Restoration } from '../../../lib/generated/restoration.js'
import { isDocument } from '../cli/document.js'
import { runCli } from '../cli/run.js'
import { contents } from '../keep/lab.js'
import { restoreLab, slot, type RestoreLab } from './lab.js'

/** As keeping an older copy and a run that died leave them; the newest of all by their times. */
async function labWithAsides(): Promise<RestoreLab> {
  const lab = await restoreLab({ generation: 'run-1' })
  for (const name of ['set-aside', 'recovered-run-7']) {
    mkdirSync(join(lab.kept, name), { mode: 0o700 })
    execFileSync('cp', ['-a', lab.image(0), join(lab.kept, name)])
    writeFileSync(join(lab.kept, name, 'bob.sparsebundle/bands/0'), Buffer.alloc(8192, name))
  }
  execFileSync('cp', [join(lab.kept, 'run-1', `${slot}.json`), join(lab.kept, 'set-aside')])
  return lab
}

const dest = ({ destination }: RestoreLab): string[] => ['--backup-dest', destination]

describe('what was set aside or recovered', function () {
  this.timeout(60_000)

  it('is listed for what it is', async () => {
    const lab = await labWithAsides()
    const { stdout } = await runCli('list', 'bob', ...dest(lab))
    expect(stdout).to.match(/the store \(set-aside\) +set aside: bad /)
    expect(stdout).to.match(/the store \(recovered-run-7\) +recovered from an interrupted run: nothing vouches /)
    const listing = JSON.parse((await runCli('list', ...dest(lab), '--json')).stdout) as Listing
    isDocument('listing', listing)
    expect(
      listing.copies.map(({ generation, aside }) => `${String(generation)} ${String(aside)}`).sort(),
    ).to.deep.equal(['null null', 'recovered-run-7 recovered', 'run-1 null', 'set-aside set-aside'])
  })

  it('is given back by its name, and never otherwise', async () => {
    const lab = await labWithAsides()
    for (const name of ['set-aside', 'recovered-run-7']) {
      const { code, stdout } = await runCli('restore', slot, ...dest(lab), '--to', `${lab.to}-${name}`, '--copy', name)
      expect([code, stdout]).to.deep.equal([1, stdout])
      expect(stdout).to.include('NOT CHECKED: there is no manifest of this copy')
      expect(contents(`${lab.to}-${name}`)).to.deep.equal(contents(join(lab.kept, name, 'bob.sparsebundle')))
    }
    for (const [at, wish] of [[], ['--at', '2100-01-01'], ['--copy', 'Section.0']].entries()) {
      const to = `${lab.to}-${String(at)}`
      const { stdout } = await runCli('restore', 'bob', ...dest(lab), '--to', to, ...wish, '--json')
      const document = JSON.parse(stdout) as Restoration
      isDocument('restoration', document)
      expect(document).to.include({ place: 'Section.0', leftOut: 0 })
    }
    const wrong = await runCli('restore', 'bob', ...dest(lab), '--to', lab.to, '--copy', 'set-asid')
    expect([wrong.code, wrong.stderr]).to.deep.equal([2, wrong.stderr])
    expect(wrong.stderr).to.include('called "set-asid"')
    for (const name of ['set-aside', 'recovered-run-7', 'Section.0', 'run-1']) {
      expect(wrong.stderr).to.include(`${name} of 20`)
    }
    const both = await runCli('restore', 'bob', ...dest(lab), '--to', lab.to, '--copy', 'set-aside', '--section', '0')
    expect(both.code).to.equal(64)
  })

  it('makes an exit code of 1 and a warning of what was planted in a copy', async () => {
    const lab = await restoreLab()
    writeFileSync(join(lab.image(0), 'bands/9'), 'planted')
    const { code, stdout } = await runCli('restore', 'bob', ...dest(lab), '--to', lab.to)
    expect(code).to.equal(1)
    expect(stdout).to.include('WARNING! 1 member is in the copy and not in its manifest (bands/9)')
  })
})
