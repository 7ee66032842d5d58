import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { copiesOf, emptyBook, withCopy } from '../../../lib/keep/book.js'
import { forget } from '../../../lib/keep/forget.js'
import { recoverWork } from '../../../lib/keep/recover.js'
import { removeKept } from '../../../lib/keep/remove-kept.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import type { KnownCopy } from '../../../lib/generated/slots.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { needStrace } from '../../support/fault/steps.js'
import { temporaryFolder } from '../../support/temporary.js'
import { contents, lab, type Lab } from './lab.js'

const works = ({ destination }: Lab): string[] => {
  const work = join(destination, '.lbackup-filevault/work')
  return existsSync(work) ? readdirSync(work) : []
}

function keep({ kept }: Lab, ...generations: string[]): void {
  for (const generation of generations) {
    mkdirSync(join(kept, generation, 'bob.sparsebundle/bands'), { recursive: true })
    for (const band of ['0', '1']) writeFileSync(join(kept, generation, 'bob.sparsebundle/bands', band), band)
  }
}

describe('what is released from the store', function () {
  this.timeout(120_000)
  let disk: Lab
  beforeEach(() => {
    disk = lab(temporaryFolder())
  })

  it('is one generation, or all of a slot', () => {
    keep(disk, 'run-1', 'run-2')
    const order = { backupDest: fromText(disk.destination), runId: 'run-3', slot: 'bob' }
    removeKept({ ...order, generation: 'run-1' })
    expect(readdirSync(disk.kept)).to.deep.equal(['run-2'])
    removeKept({ ...order, generation: 'run-1' })
    removeKept({ ...order, slot: 'carol' })
    expect(readdirSync(disk.kept)).to.deep.equal(['run-2'])
    const copy = (place: KnownCopy['place']): KnownCopy => ({ label: { slot: 'bob', madeAt: '' } as never, place })
    const book = [{ generation: 'run-2' }, { section: { inode: 1, born: 1 } }].reduce(
      (all, place) => withCopy(all, copy(place)),
      emptyBook,
    )
    const left = forget({ ...order, book })
    expect(copiesOf(left, 'bob').map(({ place }) => place)).to.deep.equal([{ section: { inode: 1, born: 1 } }])
    expect(existsSync(disk.kept)).to.be.false
    expect(works(disk)).to.deep.equal([])
  })

  it('is whole or gone, whenever it is killed, and the next run removes the rest', function () {
    needStrace(this)
    const module = pathToFileURL('lib/keep/remove-kept.ts').href
    const order = JSON.stringify({ backupDest: disk.destination, runId: 'run-3', slot: 'bob', generation: 'run-1' })
    const script = `import(${JSON.stringify(module)}).then(({ removeKept }) => removeKept(${order}))`
    const seen = new Set<string>()
    for (const [call, when] of [
      ['rename', 1],
      ['unlink', 1],
      ['unlink', 2],
      ['rmdir', 1],
      ['rmdir', 3],
    ] as const) {
      keep(disk, 'run-1')
      const whole = contents(join(disk.kept, 'run-1'))
      const kill = `--inject=${call}:signal=SIGKILL:when=${String(when)}`
      const program = [process.execPath, '--import=tsx', '--eval', script]
      const { signal, stderr } = spawnSync('strace', [
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        kill,
        ...program,
      ])
      expect(signal, stderr.toString()).to.equal('SIGKILL')
      const left = existsSync(join(disk.kept, 'run-1')) ? contents(join(disk.kept, 'run-1')) : undefined
      seen.add(left === undefined ? 'gone' : 'whole')
      if (left !== undefined) expect(left, `${call} ${String(when)}`).to.deep.equal(whole)
      else expect(works(disk), 'the kill came in the middle').to.deep.equal(['run-3'])
      expect(recoverWork(fromText(disk.destination), readSections(fromText(disk.destination)))).to.deep.equal([])
      expect(works(disk)).to.deep.equal([])
    }
    expect([...seen].sort()).to.deep.equal(['gone', 'whole'])
  })
})
