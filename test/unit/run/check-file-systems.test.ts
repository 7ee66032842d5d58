import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Context } from 'mocha'
import { fillDefaults } from '../../../lib/config/defaults.js'
import { patience } from '../../../lib/fsck/attachment.js'
import { fileSystemChecker } from '../../../lib/run/check-file-systems.js'
import { fromText } from '../../../lib/text/raw-path.js'
import type { Inside } from '../../../lib/verify/verdict.js'
import { fakeMac, type FakeMac, type FakeMacState } from '../../support/fake-mac.js'
import { realImage } from '../../support/real-images.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { shared } from '../../support/shared.js'
import { temporaryFolder } from '../../support/temporary.js'

interface Backup {
  readonly mac: FakeMac
  readonly destination: string
  readonly copy: string
  readonly checks: string
  check(): Promise<Inside>
  /** Milliseconds since 1970. */
  clock: () => number
}

interface Options {
  readonly archive?: string
  readonly passphrase?: string
  readonly destination?: string
  readonly commandSeconds?: number
  readonly verify?: Readonly<Record<string, number>>
}

/** A section with a copy of a real image, on a Mac that is not one. */
function backup(context: Context, state: FakeMacState, options: Options = {}): Backup {
  const { archive = 'hfsj-plain.sparsebundle.tgz', commandSeconds, verify } = options
  const mac = fakeMac(state, commandSeconds)
  const { destination = temporaryFolder() } = options
  const original = realImage(context, archive)
  const copy = join(
    destination,
    'Section.0',
    original.container === 'sparse-image' ? 'a.sparseimage' : 'a.sparsebundle',
  )
  mkdirSync(join(destination, 'Section.0'))
  cpSync(original.file, copy, { recursive: true, preserveTimestamps: true })
  const passphrases = options.passphrase === undefined ? [] : [{ match: {}, file: passphraseFile(options.passphrase) }]
  const { config } = fillDefaults({ passphrases, ...(verify === undefined ? {} : { verify }) })
  const system = { ...mac.system, now: () => new Date(set.clock()) }
  const check = fileSystemChecker({ config, system }, { backupDest: fromText(destination) })
  const set: Backup = {
    clock: Date.now,
    ...{ mac, destination, copy, checks: join(destination, '.lbackup-filevault/checks') },
    check: () =>
      check({
        path: fromText(copy),
        container: original.container,
        encryption: archive.includes('aes') ? 'v2' : 'none',
        counts: { members: 10, bytes: 1_000_000 },
        image: { user: 'bob', path: '/Users/bob/a' },
      } as never),
  }
  return set
}

function passphraseFile(text: string): string {
  const file = join(temporaryFolder(), 'passphrase')
  writeFileSync(file, `${text}\n`, { mode: 0o600 })
  return file
}

const calls = ({ mac }: Backup, verb: string) =>
  mac.calls().filter(({ name, args }) => name === 'hdiutil' && args[0] === verb)

/** Whatever came of it: nothing is attached or left, and only ever our own copy was attached, as it must be. */
function expectTidy(set: Backup): void {
  expect(set.mac.disks().attached).to.deep.equal([])
  expect(readdirSync(set.checks)).to.deep.equal([])
  expectHarmless(set)
}

function expectHarmless(set: Backup): void {
  const members = [set.copy, ...(lstatSync(set.copy).isDirectory() ? below(set.copy) : [])]
  const inodes = new Set(members.map((one) => lstatSync(one).ino))
  for (const seen of set.mac.disks().seen) {
    expect(seen.path.startsWith(`${set.checks}/`)).to.equal(true)
    expect(seen.mode).to.equal(0o700)
    expect(seen.inodes.filter((inode) => inodes.has(inode))).to.deep.equal([])
    expect(seen.inodes).to.have.length(members.length)
  }
  for (const { args } of calls(set, 'attach')) {
    expect(args).to.include.members(['-readonly', '-nomount', '-noverify', '-noautofsck', '-plist'])
  }
  expect(set.mac.calls().filter(({ args, input }) => `${args.join(' ')}${input}`.includes('Section.0'))).to.deep.equal(
    [],
  )
}

const below = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name))

const codesOf = (inside: Inside): string[] =>
  inside.state === 'checked' ? inside.findings.map(({ code, severity }) => `${severity} ${code}`) : []
const textOf = (inside: Inside): string =>
  inside.state === 'checked' ? inside.findings.map(({ message }) => message).join(' ') : inside.because

describe("Apple's own checkers", function () {
  this.timeout(60_000)
  const usual = patience.seconds
  beforeEach(() => {
    patience.seconds = [0, 0, 0]
  })
  afterEach(() => {
    patience.seconds = usual
    unmountReflinkDisks()
  })

  it('check a clone or copy of a copy, read-only and unmounted, and leave nothing', async function () {
    for (const archive of ['hfsj-plain.sparsebundle.tgz', 'gpt-plain.sparseimage.tgz']) {
      const set = backup(this, {}, { archive })
      const inside = await set.check()
      expect(codesOf(inside).filter((code) => code.includes('filesystem'))).to.deep.equal([])
      expect(inside).to.include({ state: 'checked' })
      expect((inside as { holds: string }).holds).to.match(/; fsck_hfs found nothing wrong$/)
      expect(calls(set, 'attach')).to.have.length(1)
      const fsck = set.mac.calls().filter(({ name }) => name === 'fsckHfs')
      expect(fsck.map(({ args }) => args)).to.deep.equal([['-f', '-n', '/dev/rdisk3s2']])
      expect(calls(set, 'detach').map(({ args }) => args)).to.deep.equal([['detach', '/dev/disk3']])
      expectTidy(set)
    }
  })

  it('check the container of APFS by its partition', async function () {
    const answer = readFileSync(shared(this, 'hdiutil/attach-plist.sparseimage-apfs.plist'), 'utf8')
    const set = backup(this, { attach: { answer } })
    expect(((await set.check()) as { holds: string }).holds).to.match(/; fsck_apfs found nothing wrong$/)
    const fsck = set.mac.calls().filter(({ name }) => name.startsWith('fsck'))
    expect(fsck.map(({ name, args }) => [name, ...args])).to.deep.equal([['fsckApfs', '-n', '/dev/rdisk6s1']])
    expect(calls(set, 'detach').map(({ args }) => args)).to.deep.equal([['detach', '/dev/disk6']])
    expectTidy(set)
  })

  it('get the passphrase by standard input alone', async function () {
    const archive = 'hfsj-aes128-v2.sparsebundle.tgz'
    const set = backup(this, { attach: { passphrase: 'foo' } }, { archive, passphrase: 'foo' })
    const inside = await set.check()
    expect((inside as { holds: string }).holds).to.match(/fsck_hfs found nothing wrong$/)
    const [attach] = calls(set, 'attach')
    expect(attach?.args).to.include('-stdinpass')
    expect(attach?.input).to.equal('foo\0')
    expect(set.mac.calls().filter(({ args }) => args.join(' ').includes('foo'))).to.deep.equal([])
    expectTidy(set)

    const other = backup(this, { attach: { passphrase: 'other' } }, { archive, passphrase: 'foo' })
    expect(codesOf(await other.check())).to.include('warning filesystem-unchecked')
    expect(textOf(await other.check())).to.match(/did not take the passphrase/)
    expectTidy(other)

    const none = backup(this, {}, { archive })
    expect(await none.check()).to.include({ state: 'unchecked', failed: false })
    expect(calls(none, 'attach')).to.deep.equal([])
  })

  it('find damage', async function () {
    const stdout = '** Checking catalog file.\n   Invalid node structure\n** The volume Test1 was found corrupt\n'
    const set = backup(this, { faults: { fsckHfs: { stdout, code: 8 } } })
    const inside = await set.check()
    expect(codesOf(inside)).to.include('error filesystem-damaged')
    expect(textOf(inside)).to.match(/fsck_hfs found damage: Invalid node structure/)
    expectTidy(set)
  })

  it('are never said to have found nothing where they did not check', async function () {
    const unable: [NonNullable<FakeMacState['faults']>['fsckHfs'], RegExp][] = [
      [{ stderr: "Can't open /dev/rdisk3s2: Permission denied\n", code: 8 }, /Permission denied/],
      [{ stdout: 'Volume is journaled.  No checking performed.\n', code: 0 }, /No checking performed/],
      [{ stdout: 'Journal need to be replayed but volume is read-only\nInvalid\n', code: 8 }, /Journal/],
      [{ stderr: 'sh: fsck_hfs: gone\n', code: 127 }, /127/],
    ]
    for (const [fault, why] of unable) {
      const set = backup(this, { faults: { fsckHfs: fault } } as FakeMacState)
      const inside = await set.check()
      expect(codesOf(inside)).to.include('warning filesystem-unchecked')
      expect(textOf(inside)).to.match(why)
      expect(JSON.stringify(inside)).to.not.match(/nothing wrong|filesystem-damaged/)
      expectTidy(set)
    }
  })

  it('are ended when they hang', async function () {
    const set = backup(this, { faults: { fsckHfs: { hang: 'polite' } } }, { commandSeconds: 3600 })
    // Its time is over as soon as it is attached.
    set.clock = () => (set.mac.disks().attached.length > 0 ? Date.now() + 3_600_000 : Date.now())
    const inside = await set.check()
    expect(codesOf(inside)).to.include('warning filesystem-unchecked')
    expect(textOf(inside)).to.match(/in time/)
    expectTidy(set)
  })

  it('tell what it means when hdiutil refuses', async function () {
    const refusals: [string, RegExp][] = [
      ['hdiutil: attach failed - image not recognized\n', /no disk image/],
      ['hdiutil: attach failed - no mountable file systems\n', /no file system/],
    ]
    for (const [stderr, meaning] of refusals) {
      const set = backup(this, { attach: { stderr } })
      const inside = await set.check()
      expect(codesOf(inside)).to.include('warning filesystem-unchecked')
      expect(textOf(inside)).to.match(meaning)
      expectTidy(set)
    }
  })

  it('leave nothing attached by an hdiutil that never answered', async function () {
    const set = backup(this, { attach: { hang: true } }, { commandSeconds: 3 })
    expect(textOf(await set.check())).to.match(/in time/)
    expect(set.mac.disks().seen).to.have.length(1)
    expect(calls(set, 'detach')).to.have.length(1)
    expectTidy(set)
  })

  it('wait for a busy disk, and tell of one that stays busy, which the next run puts right', async function () {
    const twice = backup(this, { attach: { busy: 2 } })
    expect(codesOf(await twice.check())).to.not.include('warning filesystem-left-attached')
    expect(calls(twice, 'detach')).to.have.length(3)
    expectTidy(twice)

    const ever = backup(this, { attach: { busy: 1000 } })
    const inside = await ever.check()
    expect(codesOf(inside)).to.include('warning filesystem-left-attached')
    expect(textOf(inside)).to.contain('/dev/disk3')
    expect(calls(ever, 'detach')).to.have.length(4)
    const [rest] = readdirSync(ever.checks)
    expect(rest).to.be.a('string')
    expectHarmless(ever)

    // As if the run that left it had died since.
    const gone = spawnSync('true').pid
    const renamed = join(ever.checks, `${String(gone)}-rest`)
    mkdirSync(renamed)
    writeFileSync(join(renamed, 'x'), '')
    ever.mac.set({})
    const left = { attached: [join(renamed, 'copy.sparsebundle')], seen: [] }
    writeFileSync(join(ever.mac.folder, 'disks.json'), JSON.stringify(left))
    await ever.check()
    expect(existsSync(renamed)).to.equal(false)
    expect(ever.mac.disks().attached).to.deep.equal([])
    expect(readdirSync(ever.checks)).to.deep.equal([rest])
  })

  it('get a clone where the backup disk can make one, however large the copy', async function () {
    const destination = reflinkDisk(this, temporaryFolder())
    const set = backup(this, {}, { destination, verify: { copyGigabytes: 0 } })
    expect(JSON.stringify(await set.check())).to.contain('nothing wrong')
    expectTidy(set)
  })

  it('check no copy that would have to be copied and is too large, and none when the time is over', async function () {
    const large = backup(this, {}, { verify: { copyGigabytes: 0 } })
    expect(textOf(await large.check())).to.match(/verify|larger than/)
    expect(calls(large, 'attach')).to.deep.equal([])
    expect(readdirSync(large.checks)).to.deep.equal([])

    const late = backup(this, {}, { verify: { minutes: 0 } })
    expect(textOf(await late.check())).to.match(/time of this run is over/)
    expect(calls(late, 'attach')).to.deep.equal([])
  })
})
