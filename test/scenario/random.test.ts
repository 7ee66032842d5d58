import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { clearTextOf, imageDigest, random, simulatedMac, type Random, type SimulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'
import { copied, filesHolding, night, slowly, type Night, type Occasion } from './support/night.js'

const seeds = Number(process.env['SEEDS'] ?? 20)
const nights = 2
const users = ['bob', 'carol']
const policies = [
  {},
  { ifInUse: 'copy-and-prove' },
  { ifInUse: 'wait', waitMinutes: 0.005, ifStillInUse: 'copy-and-prove' },
]
/** Where in rsync's work something may happen: before, inside and after the homes. */
const places = [/^source\/alice\/1$/m, /bob\.sparsebundle\/bands\/\w+$/m, /carol\.sparseimage$/m, /^source\/zoe\/1$/m]

interface Household {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
  readonly numbers: Random
  /** What was done, for whoever must understand a failure. */
  readonly diary: string[]
}

function household(seed: number): Household {
  const numbers = random(seed)
  const lab = makeLab({
    excludes: '# mine\r\n*.tmp\n\n+ /source/keep',
    settings: {
      ...slowly,
      numRotations: String(1 + numbers.below(3)),
      post_actions_on_backup_error: numbers.pick(['YES', 'NO']),
      ignore_rsync_vanished_files: numbers.pick(['YES', 'YES', 'NO']),
    },
  })
  const mac = simulatedMac(lab.source, seed)
  for (const name of ['alice', 'zoe']) {
    mac.addUser(name)
    writeFileSync(join(lab.source, name, '1'), Buffer.alloc(128 * 1024, name))
  }
  mac.addUser('bob', { fileVault: 'sparsebundle', inDirectory: numbers.below(4) > 0 })
  mac.addUser('carol', { fileVault: 'sparseimage', inDirectory: numbers.below(4) > 0 })
  const policy = numbers.pick(policies)
  const stateFolder = protect(lab, { ...mac.configuration, policies: [policy] })
  return { lab, mac, stateFolder, numbers, diary: [JSON.stringify(policy)] }
}

/** One thing that happens on the Mac: somebody logs in, works or leaves, or another machine writes into an image. */
function happen({ mac, numbers, diary }: Household, when: string): void {
  const name = numbers.pick(users)
  const deeds = mac.isLoggedIn(name)
    ? (['write', 'write', 'logOut', 'logOut', 'crash'] as const)
    : (['logIn', 'logIn', 'write'] as const)
  const deed = numbers.pick(deeds)
  diary.push(`${when}: ${deed} ${name}`)
  mac[deed](name)
}

/** Every night checks that the excludes file is as it was. */
async function oneNight(one: Household, count: number): Promise<Night> {
  const { lab, stateFolder, numbers } = one
  const some = (limit: number, when: string): void => {
    for (let left = numbers.below(limit); left > 0; left -= 1) happen(one, `night ${String(count)} ${when}`)
  }
  some(3, 'before')
  const occasions: Occasion[] = places
    .filter(() => numbers.below(3) === 0)
    .map((logged) => ({ logged, stop: true, optional: true, act: () => some(3, `at ${String(logged)}`) }))
  return night('ours', lab, stateFolder, {
    occasions,
    at: { 'before-rsync': () => some(2, 'before rsync'), 'after-rsync': () => some(2, 'after rsync') },
  })
}

function expectHonest({ lab, mac }: Household, { report, sections }: Night): void {
  for (const section of sections) {
    for (const name of users)
      expect(filesHolding(lab, clearTextOf(name), section), `${section}, ${name}`).to.deep.equal([])
  }
  const judged = report.phase === 'post' && report.images.length > 0
  if (judged) expect(copied(lab)).to.include.members(['alice/1', 'alice/Documents/letter.txt', 'zoe/1'])
  for (const { path, user, verdict } of report.images) {
    if (verdict !== 'proven' && verdict !== 'complete') continue
    const copy = join(lab.destination, 'Section.0/source', path.slice(lab.source.length))
    expect(existsSync(copy), copy).to.be.true
    const moments = mac.truth().filter((moment) => moment.user === user)
    expect(
      moments.map(({ digest }) => digest),
      `${user} is ${verdict}`,
    ).to.include(imageDigest(copy))
  }
}

describe('logins, writing, logouts and power cuts at random moments of two nights', function () {
  this.timeout(60_000)
  const ends = new Set<number | string>()

  for (let seed = 1; seed <= seeds; seed += 1) {
    it(`seed ${String(seed)}: no clear text, no false word of a complete copy, the excludes file as it was`, async () => {
      const one = household(seed)
      try {
        for (let count = 1; count <= nights; count += 1) {
          const result = await oneNight(one, count)
          expectHonest(one, result)
          ends.add(result.exitCode)
          for (const { verdict } of result.report.images) ends.add(verdict)
        }
      } catch (error) {
        ;(error as Error).message += `\n${one.diary.join('\n')}`
        throw error
      }
    })
  }

  it('met every kind of end', function () {
    if (seeds < 20) skip(this, 'too few seeds to meet every kind of end')
    expect([...ends]).to.include.members([0, 255, 'proven', 'suspect', 'bad', 'not-backed-up'])
  })
})
