import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Audit, AuditSlot } from '../../../lib/generated/audit.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'

const longAgo = 1_600_000_000
let cli: (args: readonly string[]) => Promise<{ code: number; out: string }>

/** A source with one image, and a set that LBackup's own rsync makes of it. */
function set(): { source: string; destination: string; band: string; backup: () => void } {
  const folder = temporaryFolder()
  const [source, destination] = [join(folder, 'source'), join(folder, 'destination')]
  mkdirSync(join(source, 'bob'), { recursive: true })
  mkdirSync(destination)
  const image = join(source, 'bob/bob.sparsebundle')
  writeSparseBundle(image, { mapped: true, bands: [0, 1, 2].map((index) => ({ index, length: 8192 })) })
  const band = join(image, 'bands/1')
  utimesSync(band, longAgo, longAgo)
  return {
    source,
    destination,
    band,
    backup() {
      const newest = join(destination, 'Section.0')
      const link = existsSync(newest) ? [`--link-dest=${newest}`] : []
      execFileSync('rsync', ['-a', '--modify-window=20', ...link, source, join(destination, 'Section.inprogress')])
      const numbers = readdirSync(destination).flatMap((name) => /^Section\.(\d+)$/.exec(name)?.[1] ?? [])
      for (const number of numbers.map(Number).sort((a, b) => b - a)) {
        renameSync(join(destination, `Section.${String(number)}`), join(destination, `Section.${String(number + 1)}`))
      }
      renameSync(join(destination, 'Section.inprogress'), newest)
    },
  }
}

const stamps = (folder: string): string =>
  execFileSync('find', [folder, '-printf', '%p %i %n %s %T@ %C@\n'], { encoding: 'utf8' })

describe('audit', function () {
  this.timeout(60_000)
  before(async () => {
    const { cli: main } = await import('../../../lib/cli/main.js')
    cli = async (args) => {
      let out = ''
      const code = await main(args, { stdout: (text) => (out += text), stderr: () => undefined, env: {} })
      return { code, out }
    }
  })

  async function auditOf(...args: string[]): Promise<{ code: number; slot: AuditSlot }> {
    const { code, out } = await cli(['audit', ...args, '--json'])
    const [slot] = (JSON.parse(out) as Audit).slots
    return { code, slot: slot as AuditSlot }
  }

  for (const [delta, byStat, byBytes] of [
    [0, 0, 1],
    [1, 1, 1],
    [5, 1, 1],
    [19, 1, 1],
    [20, 1, 1],
    [-5, 1, 1],
    [21, 0, 0],
  ] as const) {
    it(`a band rewritten ${String(delta)} s from its last copy`, async () => {
      const { source, destination, band, backup } = set()
      backup()
      writeFileSync(band, Buffer.alloc(8192, 'rewritten'))
      utimesSync(band, longAgo + delta, longAgo + delta)
      backup()
      const before = stamps(destination)
      const seen = await auditOf(destination, '--source', source)
      expect([seen.code, seen.slot.compared?.missed]).to.deep.equal([byStat, byStat])
      const read = await auditOf(destination, '--source', source, '--read')
      expect([read.code, read.slot.compared?.missed, read.slot.compared?.equal]).to.deep.equal([
        byBytes * 2,
        byBytes,
        byBytes === 0,
      ])
      expect(stamps(destination), 'nothing was written').to.equal(before)
    })
  }

  it('says which sections hold a complete copy, the newest of them, and why others do not', async () => {
    const { destination, backup, source } = set()
    for (let count = 0; count < 4; count += 1) backup()
    const copy = (number: number): string => join(destination, `Section.${String(number)}/source/bob/bob.sparsebundle`)
    // Cut short in a file of its own: the others share theirs.
    rmSync(join(copy(0), 'bands/2'))
    writeFileSync(join(copy(0), 'bands/2'), Buffer.alloc(8192))
    truncateSync(join(copy(0), 'bands/2'), 10)
    rmSync(copy(1), { recursive: true })
    symlinkSync(join(source, 'bob'), join(destination, 'Section.9'))
    const { code, slot } = await auditOf(destination)
    expect(code).to.equal(1)
    expect(slot.sections.map(({ section, state }) => [section, state])).to.deep.equal([
      [0, 'incomplete'],
      [1, 'absent'],
      [2, 'complete'],
      [3, 'complete'],
      [9, 'absent'],
    ])
    expect(slot).to.include({ newestComplete: 2, compared: null })
    const { out } = await cli(['audit', destination])
    expect(out)
      .to.match(/newest complete copy: Section\.2/)
      .and.to.contain('Section.2 to Section.3: complete')
    expect(out.split('\n').length).to.be.at.most(24)
  })

  it('ends with 2 where an image has no complete copy, and with 64 for a call it does not understand', async () => {
    const { destination, backup } = set()
    backup()
    rmSync(join(destination, 'Section.0/source/bob/bob.sparsebundle/token'))
    expect((await auditOf(destination)).code).to.equal(2)
    expect((await cli(['audit'])).code).to.equal(64)
    expect((await cli(['audit', destination, '--read'])).code).to.equal(64)
  })
})
