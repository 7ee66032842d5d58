import { chownSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fillDefaults } from '../../../lib/config/defaults.js'
import { backupSource } from '../../../lib/lbackup/backup-source.js'
import type { UsageState } from '../../../lib/mount/usage.js'
import type { RunContext } from '../../../lib/run/context.js'
import { observe } from '../../../lib/run/observe.js'
import type { Tonight } from '../../../lib/run/plan-type.js'
import { searchOptions } from '../../../lib/run/search-options.js'
import type { SourceMachine } from '../../../lib/run/source-machine.js'
import { frozenBefore, stageTonight } from '../../../lib/run/staging.js'
import { workHere } from '../../../lib/run/work.js'
import type { Decision } from '../../../lib/policy/policy-type.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { readStaging, writeStaging } from '../../../lib/staging/book.js'
import type { StagingBook } from '../../../lib/staging/staging-type.js'
import { rewrite, writeImage } from '../../scenario/support/set.js'
import { imageDigest } from '../../support/mac/index.js'
import { reflinkDisk, unmountReflinkDisks } from '../../support/reflink-disk.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('images that cannot be frozen as they are', function () {
  this.timeout(60_000)
  let disk: string
  /** What uses the images, at each question. */
  let answers: UsageState[]
  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'needs root, who mounts')
  })
  beforeEach(function () {
    disk = reflinkDisk(this, temporaryFolder(), 'xfs')
    for (const made of ['staging', 'homes/bob', 'state', 'config', 'destination'])
      mkdirSync(join(disk, made), { recursive: true })
    for (const name of ['bob', 'other']) writeImage(join(disk, `homes/bob/${name}.sparsebundle`), name)
  })
  afterEach(unmountReflinkDisks)

  const path = (name: string) => fromText(join(disk, name))

  function machine(): SourceMachine {
    const nothing = { sessions: [], problems: [] }
    return {
      ...workHere,
      here: true,
      platform: 'linux',
      accounts: () => Promise.resolve({ accounts: [], problems: [] }),
      uses(subjects) {
        const state = answers.shift() ?? 'detached'
        const usage = (name: string) => ({
          state: name.endsWith('bob.sparsebundle') ? state : ('detached' as const),
          evidence: ['a test says so'],
          usedBy: [],
          mountPoints: [],
        })
        const attached = { volumes: [], problems: [] }
        return Promise.resolve({ usages: new Map(subjects.map((one) => [one.path, usage(one.path)])), attached })
      },
      userNames: () => Promise.resolve(new Map()),
      sessions: () => Promise.resolve(nothing),
    } as Partial<SourceMachine> as SourceMachine
  }

  /** A run whose plan copies both images, and what became of it when they were frozen. */
  async function staged(policies: object[] = []) {
    const { config } = fillDefaults({
      policies,
      source: { mode: 'staging', reservePercent: 0 },
      search: { roots: [join(disk, 'homes')] },
      verify: {},
      limits: {},
    })
    const source = backupSource(path('staging'))
    const context = {
      config,
      source,
      machine: machine(),
      system: realSystem({ platform: 'linux', commandSeconds: 20 }),
      stateFolder: path('state'),
      environment: { backupDest: path('destination'), configurationFolder: path('config') },
      runId: 'run-1',
      startedAt: new Date(),
    } as unknown as RunContext
    const search = searchOptions({ config, source, ownPaths: [], machine: machine() }, [])
    const observation = await observe(machine(), { search, source, quietSeconds: 0, staging: true })
    const decided = new Map(
      observation.images.map(({ image: { slot, path: lies } }) => {
        const decision: Decision = { slot, path: lies, action: 'copy', code: 'at-rest', reason: 'nothing uses it' }
        return [lies, decision] as const
      }),
    )
    const tonight = { images: observation.images, decided, findings: [], halt: false } as unknown as Tonight
    const result = await stageTonight(context, tonight)
    const of = (name: string) => {
      const item = result.images.find(({ image }) => image.path.endsWith(name))
      return { decision: item && result.decided.get(item.image.path), staged: item?.staged, slot: item?.image.slot }
    }
    return { context, bob: of('bob.sparsebundle'), other: of('other.sparsebundle') }
  }

  const bobs = () => join(disk, 'homes/bob/bob.sparsebundle')
  const placeOf = (slot: string | undefined) => join(disk, 'staging', slot ?? '', 'bob.sparsebundle')

  /** As a daemon left it: bob's image frozen and kept, and changed since. Returns since when, and the digest of then. */
  async function frozenThen(): Promise<{ since: string | undefined; then: string }> {
    answers = []
    const { context, bob } = await staged()
    const book = readStaging(context.stateFolder) as StagingBook
    writeStaging(context.stateFolder, { ...book, entries: book.entries.map((entry) => ({ ...entry, kept: true })) })
    const then = imageDigest(bobs())
    rewrite(join(bobs(), 'bands/0'), 60)
    return { since: bob.staged?.atRestSince, then }
  }

  it('are left out where they come into use meanwhile, and rsync does not find them', async () => {
    answers = ['detached', 'attached']
    const { bob, other, context } = await staged()
    expect(bob.decision).to.include({ action: 'leave-out', code: 'in-use' })
    expect(bob.staged).to.equal(undefined)
    expect(other.staged).to.include({ kind: 'clone' })
    expect(readdirSync(join(disk, 'staging'))).to.deep.equal([other.slot])
    expect(frozenBefore(context).map(({ name }) => name)).to.deep.equal([other.slot])
  })

  it('are copied, as no one moment, where the policy wants that', async () => {
    answers = ['detached', 'attached']
    const { bob } = await staged([{ ifInUse: 'copy-and-prove' }])
    expect(bob.decision).to.include({ action: 'copy-and-prove', code: 'in-use' })
    expect(bob.staged).to.include({ kind: 'clone' }).and.not.to.have.property('atRestSince')
  })

  it('are backed up as they were frozen before, if they were', async () => {
    const { since, then } = await frozenThen()
    for (const policies of [[], [{ ifInUse: 'copy-and-prove' }]]) {
      answers = ['detached', 'attached']
      const { bob } = await staged(policies)
      expect(bob.decision).to.include({ action: 'copy', code: 'frozen' })
      expect(bob.decision?.reason).to.match(/^it was frozen at .*Z, when nothing used it; it came into use/)
      expect(bob.staged).to.include({ kind: 'clone', frozenBefore: true, atRestSince: since })
      expect(imageDigest(placeOf(bob.slot))).to.equal(then)
      expect(bob.staged).not.to.have.property('notFrozenAnew')
    }
  })

  it('are never taken for what they are tonight where they cannot be frozen anew', async () => {
    const { since, then } = await frozenThen()
    chownSync(join(bobs(), 'bands/1'), 501, 501)
    const { bob, other } = await staged()
    expect(bob.decision).to.include({ action: 'copy', code: 'frozen' })
    expect(bob.decision?.reason).to.match(/it could not be frozen anew: .*bands\/1 belongs to somebody else/)
    expect(bob.staged).to.include({ frozenBefore: true, atRestSince: since })
    expect(imageDigest(placeOf(bob.slot))).to.equal(then)
    expect(bob.staged?.notFrozenAnew).to.match(/belongs to somebody else/)
    expect(other.staged).not.to.have.property('frozenBefore')
  })

  it('are at rest since then where nothing came between', async () => {
    answers = ['detached', 'detached']
    const { bob } = await staged()
    expect(bob.staged).to.have.property('atRestSince')
    expect(bob.decision).to.include({ action: 'copy', code: 'at-rest' })
  })

  it('halt nothing, also where nothing else is to be copied: that is the wish of the policy', async () => {
    answers = ['detached', 'attached']
    rmSync(join(disk, 'homes/bob/other.sparsebundle'), { recursive: true })
    const { bob } = await staged()
    expect(bob.decision).to.include({ action: 'leave-out', code: 'in-use' })
    expect(readdirSync(join(disk, 'staging'))).to.deep.equal([])
  })
})
