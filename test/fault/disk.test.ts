import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Report } from '../../lib/generated/report.js'
import type { SlotBook } from '../../lib/generated/slots.js'
import { lockHolder } from '../../lib/lbackup/lock.js'
import { fromText } from '../../lib/text/raw-path.js'
import { inLanes } from '../support/fault/lanes.js'
import {
  announcements,
  blockInForce,
  expectGoodNight,
  expectOwnExcludes,
  faultLab,
  night,
  type FaultLab,
  type Night,
} from '../support/fault/night.js'
import { recordSteps, steadyLab, tellSteps } from '../support/fault/recorded.js'
import { smallDisk, unmountSmallDisks, type SmallDisk } from '../support/fault/small-disk.js'
import { failing, needStrace, type Step } from '../support/fault/steps.js'
import { temporaryFolder } from '../support/temporary.js'

describe('a disk that is full', function () {
  this.timeout(120_000)
  afterEach(unmountSmallDisks)

  it('with our state: the backup is halted in plain words, then works', async function () {
    const { fault, disk } = onSmallDisk(this, 'state')
    await expectGoodNight(fault, [], 'before the disk is full')
    disk.fill()
    const halted = await night(fault)
    expectHalted(halted, /state\/.* cannot be written: the disk is full\. Free some space\./)
    expectOwnExcludes(fault, 'while the disk is full')
    disk.free()
    await expectGoodNight(fault, announcements(fault), 'when there is room again')
  })

  it('with our state in the first run: the same', async function () {
    const { fault, disk } = onSmallDisk(this, 'state')
    disk.fill()
    expectHalted(await night(fault), /state\/.* cannot be written: the disk is full/)
    disk.free()
    await expectGoodNight(fault, announcements(fault), 'when there is room again')
  })

  it('with our state, from rsync on: the block is out, the post-backup hook shouts, the next run judges', async function () {
    const { fault, disk } = onSmallDisk(this, 'state')
    const full = await night(fault, { at: { 'after-rsync': () => disk.fill() } })
    expect(full.exitCode).to.equal(0)
    expect(full.said).to.match(/ERROR! .* cannot be written: the disk is full/)
    expectPlain(full)
    expectOwnExcludes(fault, 'while the disk is full')
    disk.free()
    await expectGoodNight(fault, [/ended without its post-backup hook; its 1 copy .* looked at now/], 'with room again')
  })

  it('with LBackup’s configuration: halted, the excludes file untouched, no word of a stack', async function () {
    const { fault, disk } = onSmallDisk(this, 'config')
    await expectGoodNight(fault, [], 'before the disk is full')
    const filler = join(fault.lab.configurationFolder, 'filler')
    fault.lab.hook(
      'pre',
      'BACKUP-100-fill',
      `${fillLastPage(fault.lab.logFile)}; head -c 1M /dev/zero >'${filler}' 2>/dev/null; exit 0`,
    )
    const halted = await night(fault)
    expect(halted.exitCode).to.equal(129)
    expect(halted.output).to.match(/ERROR! .*config\/.* cannot be written: the disk is full/)
    expectPlain(halted)
    expectOwnExcludes(fault, 'while the disk is full')
    fault.lab.hook('pre', 'BACKUP-100-fill', 'exit 0')
    disk.free()
    await expectGoodNight(fault, announcements(fault), 'when there is room again')
  })

  it('with LBackup’s configuration, from rsync on: said, the copies judged; the next run takes the block out', async function () {
    const { fault, disk } = onSmallDisk(this, 'config')
    fault.lab.hook('post', 'BACKUP-000-fill', `${fillLastPage(fault.lab.logFile)}; exit 0`)
    const full = await night(fault, { at: { 'after-rsync': () => disk.fill() } })
    fault.lab.hook('post', 'BACKUP-000-fill', 'exit 0')
    expect(full.output).to.match(/Lines of ours may still be in LBackup's excludes file/)
    expect(full.output).to.match(/proven .*alice\.sparsebundle/)
    expect(blockInForce(fault)).to.equal(true)
    disk.free()
    await expectGoodNight(fault, announcements(fault), 'when there is room again')
  })

  it('our state on a disk that was mounted read-only: halted in plain words, then works', async function () {
    const { fault, disk } = onSmallDisk(this, 'state')
    await expectGoodNight(fault, [], 'before')
    disk.readOnly(true)
    expectHalted(await night(fault), /state\/.* cannot be written: the disk is mounted read-only/)
    disk.readOnly(false)
    await expectGoodNight(fault, announcements(fault), 'when it can be written again')
  })
})

/** Lines of sh. A file's last page has room left where the disk has none; the log gets none. */
const fillLastPage = (log: string): string =>
  `size=$(stat -c %s '${log}'); head -c $((4096 - size % 4096)) /dev/zero >>'${log}'`

/** A lab of which one folder lies on a small disk. */
function onSmallDisk(
  context: Mocha.Context,
  name: 'state' | 'config',
): { fault: ReturnType<typeof faultLab>; disk: SmallDisk } {
  const folder = temporaryFolder()
  mkdirSync(join(folder, name), { mode: 0o700 })
  const disk = smallDisk(context, join(folder, name))
  return { fault: faultLab({}, folder), disk }
}

function expectHalted(halted: Night, sentence: RegExp): void {
  expect(halted.exitCode, halted.output).to.equal(129)
  expect(halted.said).to.match(new RegExp(`lbackup-filevault: ERROR! .*${sentence.source}`))
  expect(halted.output).not.to.contain('Synchronizing')
  expectPlain(halted)
}

function expectPlain({ output, said }: Night): void {
  for (const text of [output, said]) expect(text).not.to.match(/a bug of ours|\.js:\d+|ended unexpectedly/)
}

describe('a disk that fails once', function () {
  this.timeout(240_000)
  before(function () {
    needStrace(this)
  })

  it('pre: halted in plain words at every kind of step, the excludes file whole, the next run works', async function () {
    const steps = chosen(await recordSteps('pre', await steadyLab()))
    await inLanes(steps, steadyLab, async (fault, [step, error]) => {
      fault.node.becomes('pre', failing(join(fault.lab.folder, 'trace'), step, error))
      const when = `${error} at ${step.call} ${step.path} (${String(step.occurrence)})`
      const halted = await night(fault)
      fault.node.becomes('pre')
      expect(halted.exitCode, `${when}: ${halted.output}`).to.equal(129)
      expect(halted.said, when).to.match(/lbackup-filevault: ERROR! /)
      expect(halted.said, when).to.match(words[error] as RegExp)
      expectPlain(halted)
      expectOwnExcludes(fault, when)
      await expectGoodNight(fault, announcements(fault), when)
      return true
    })
    tellSteps(this, `${String(steps.length)} steps`)
  })

  it('post: said in plain words at every kind of step, the block out, the next run works', async function () {
    const steps = chosen(await recordSteps('post', await steadyLab()))
    await inLanes(steps, steadyLab, async (fault, [step, error]) => {
      fault.node.becomes('post', failing(join(fault.lab.folder, 'trace'), step, error))
      const when = `${error} at ${step.call} ${step.path} (${String(step.occurrence)})`
      const failed = await night(fault)
      fault.node.becomes('post')
      expect(failed.exitCode, `${when}: ${failed.output}`).to.equal(0)
      // A verdict stands although it cannot be filed.
      const told = /report\.json|status\.json|history\.jsonl|^\/state$/.test(step.path)
        ? /: (WARNING|ERROR)! /
        : /: ERROR! /
      expect(failed.said, when).to.match(told)
      expect(failed.said, when).to.match(words[error] as RegExp)
      expectPlain(failed)
      expectOwnExcludes(fault, when)
      await expectGoodNight(fault, announcements(fault), when)
      return true
    })
    tellSteps(this, `${String(steps.length)} steps`)
  })
})

describe('a backup disk that does not tell its folders', function () {
  this.timeout(120_000)
  before(function () {
    needStrace(this)
  })

  /** Lines for a stand-in: that folder of the destination cannot be listed, or that file not be read. */
  const deaf = ({ lab }: FaultLab, error: string, path = ''): string =>
    `exec strace -qq -o '${join(lab.folder, 'trace')}' -P '${join(lab.destination, path)}' -e trace=getdents64,read,pread64 -e inject=getdents64,read,pread64:error=${error} "$node" "$@"`
  const reportOf = ({ stateFolder }: FaultLab): Report =>
    JSON.parse(readFileSync(join(stateFolder, 'report.json'), 'utf8')) as Report

  for (const error of ['EIO', 'ESTALE']) {
    it(`${error} from rsync on: the report says so, what ends a run is done, the next run works`, async () => {
      const fault = await steadyLab()
      fault.node.becomes('post', deaf(fault, error))
      const failed = await night(fault)
      fault.node.becomes('post')
      expect(failed.exitCode, failed.output).to.equal(0)
      expect(failed.said).to.match(/ERROR! The copies of this run could not be judged\./)
      expect(failed.said).to.match(/What may have been linked into a section for rsync could not be looked for: /)
      expect(failed.said).not.to.match(/rotated away/)
      expectPlain(failed)
      const report = reportOf(fault)
      expect([report.phase, report.findings.map(({ code }) => code)]).to.deep.equal([
        'post',
        ['seed-left', 'not-judged'],
      ])
      expectOwnExcludes(fault, 'after the post-backup hook')
      await expectGoodNight(fault, [], 'the disk tells again')
    })

    it(`${error} of a copy that is known: said, and it counts as what it was when the disk tells again`, async () => {
      const fault = await steadyLab()
      const image = 'Section.0/source/alice/alice.sparsebundle'
      const ours = 'Section.0/.lbackup-filevault'
      const manifest = readdirSync(join(fault.lab.destination, ours)).find((name) => name.endsWith('.mtree'))
      for (const path of [image, `${image}/bands`, `${ours}/${manifest ?? ''}`]) {
        const known = readFileSync(join(fault.stateFolder, 'slots.json'), 'utf8')
        fault.node.becomes('pre', deaf(fault, error, path))
        const { said } = await night(fault)
        fault.node.becomes('pre')
        expect(said, path).to.match(
          /ERROR! Whether the copy of .*alice\.sparsebundle in Section\.0 is what it was could not/,
        )
        expect(said, path).not.to.match(/removed or replaced|counts as not compared/)
        const copies = (text: string): unknown[] => (JSON.parse(text) as SlotBook).slots.flatMap((slot) => slot.copies)
        expect(copies(readFileSync(join(fault.stateFolder, 'slots.json'), 'utf8'))).to.deep.include(copies(known)[0])
      }
      await expectGoodNight(fault, [], 'the disk tells again')
    })

    it(`${error} of what is kept, when nothing is known of copies: halted, and they are found when the disk tells again`, async () => {
      const fault = await steadyLab()
      const kept = join(fault.lab.destination, '.lbackup-filevault/kept')
      mkdirSync(kept, { recursive: true, mode: 0o700 })
      const book = join(fault.stateFolder, 'slots.json')
      renameSync(book, `${book}-away`)
      fault.node.becomes('pre', deaf(fault, error, '.lbackup-filevault/kept'))
      const halted = await night(fault)
      fault.node.becomes('pre')
      expectHalted(halted, error === 'EIO' ? /the disk reports an error/ : /the network volume lost it/)
      expect(existsSync(book)).to.equal(false)
      await expectGoodNight(fault, [/1 copy that was there before is kept/], 'the disk tells again')
    })

    it(`${error} before rsync: halted with a report and no lock, and what LBackup calls then judges nothing`, async () => {
      const fault = await steadyLab()
      fault.lab.set({ post_actions_on_backup_error: 'YES' })
      fault.node.becomes('pre', deaf(fault, error))
      fault.lab.hook('post', 'BACKUP-000-keep', `cp '${fault.stateFolder}/report.json' '${fault.lab.folder}/kept.json'`)
      const halted = await night(fault)
      fault.node.becomes('pre')
      expectHalted(halted, error === 'EIO' ? /the disk reports an error/ : /the network volume lost it/)
      const report = JSON.parse(readFileSync(join(fault.lab.folder, 'kept.json'), 'utf8')) as Report
      expect([report.phase, report.findings.map(({ code }) => code)]).to.deep.equal([
        'pre',
        ['seed-left', 'disk-error'],
      ])
      expect(halted.said).to.match(/Section\.0 is still the one from before/)
      expect(lockHolder(fromText(fault.stateFolder))).to.equal(undefined)
      await expectGoodNight(fault, [], 'the disk tells again')
    })
  }
})

const words: Readonly<Record<string, RegExp>> = {
  ENOSPC: /cannot be written: the disk is full/,
  EIO: /the disk reports an error/,
  EPERM: /may not be opened/,
}

/** One step of each kind and place, with an error that fits it. `write` is left out: it cannot be aimed at. */
function chosen(steps: readonly Step[]): [Step, string][] {
  const kinds = new Map<string, Step>()
  // What cannot be removed is removed by the next run.
  const quiet = ({ call, path }: Step): boolean => call === 'write' || call === 'unlink' || path.includes('SCRATCH')
  for (const step of steps.filter((one) => !quiet(one))) {
    const kind = `${step.call} ${step.path}`
    if (!kinds.has(kind)) kinds.set(kind, step)
  }
  const errors: Partial<Record<string, string>> = { fsync: 'EIO', fchown: 'EPERM', fchmod: 'EPERM' }
  return [...kinds.values()].map((step) => [step, errors[step.call] ?? 'ENOSPC'])
}
