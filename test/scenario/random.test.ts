import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import type { ReportImage } from '../../lib/generated/report.js'
import { tellSteps } from '../support/fault/recorded.js'
import { clearTextOf, imageDigest, unmountHomes } from '../support/mac/index.js'
import { hosts, needHost, type Host } from '../support/session/index.js'
import { copiesOf, cutPower, happen, household, users, type Household } from './support/household.js'
import { copied, filesHolding, night, type Night, type Occasion } from './support/night.js'
import { journal } from './support/watched.js'

// SEEDS=100 for more, SEED=17 for one alone, SEEDS_REAL=10 for more with the real LBackup.
const { SEEDS = '20', SEEDS_REAL = '1', SEED } = process.env
const seedsOf = (host: Host): number[] => {
  if (SEED !== undefined) return [Number(SEED)]
  return Array.from({ length: Number(host === 'ours' ? SEEDS : SEEDS_REAL) }, (_, index) => index + 1)
}
const nights = 2
/** Where in rsync's work something may happen, and to whom: before, inside and after the homes. */
const places: readonly { readonly logged: RegExp; readonly to: string[] }[] = [
  { logged: /^source\/alice\/1$/m, to: users },
  { logged: /bob\.sparsebundle\/bands\/\w+$/m, to: ['bob'] },
  { logged: /bob\.sparsebundle\/bands\/3$/m, to: ['bob'] },
  { logged: /carol\.sparseimage$/m, to: ['carol', 'bob'] },
  { logged: /^source\/zoe\/1$/m, to: users },
]
/** Accounts with FileVault; with the container, the images of a household. */
const accounts = [...users, 'dora']

/** What was counted over all seeds of a host. */
interface Tally {
  readonly ends: Set<number | string>
  /** Verdicts of images to which nothing happened. */
  untouched: number
  /** What rsync made of an image that is none of its moments. */
  mixed: number
  /** Nights in which the watch, on a busy machine, stood still for a while. */
  gaps: number
}

/** Every night checks that the excludes file is as it was. */
async function oneNight(host: Host, one: Household, count: number, tally: Tally): Promise<void> {
  const { lab, mac, stateFolder, numbers, touched } = one
  const some = (limit: number, when: string, to = users): void => {
    for (let left = numbers.below(limit); left > 0; left -= 1) happen(one, `night ${String(count)} ${when}`, to)
  }
  some(3, 'before')
  touched.clear()
  for (const name of users) if (mac.isLoggedIn(name)) touched.add(name)
  const noted = mac.truth().length
  const cut = numbers.below(10) === 0 ? numbers.pick(places) : undefined
  const occasions: Occasion[] = places
    .filter((place) => numbers.below(2) === 0 || place === cut)
    .map((place) => ({
      logged: place.logged,
      stop: true,
      optional: true,
      act: (session) => {
        some(4, `at ${String(place.logged)}`, place.to)
        if (place === cut) cutPower(one, session)
      },
    }))
  const result = await night(host, lab, stateFolder, {
    occasions,
    broken: cut !== undefined,
    at: {
      'before-rsync': () => some(2, 'before rsync'),
      'after-rsync': () => {
        tally.mixed += mixedCopies(one, noted)
        some(2, 'after rsync')
      },
    },
  })
  if (cut === undefined || result.report.phase === 'post') expectHonest(one, result, noted, tally)
  tally.ends.add(result.exitCode)
}

/** How many copies that rsync made, in either home, are none of the moments that the Mac's own record knows. */
function mixedCopies({ lab, mac }: Household, noted: number): number {
  const made = ['Section.inprogress', 'Section.0'].map((name) => join(lab.destination, name)).find(existsSync) ?? ''
  return accounts
    .flatMap((name) =>
      [name, `.${name}`].map((home) => ({ name, copy: join(made, 'source', home, basename(mac.imageOf(name))) })),
    )
    .filter(({ name, copy }) => existsSync(copy) && !mac.statesSince(name, noted).includes(imageDigest(copy))).length
}

function expectHonest(one: Household, { report, sections }: Night, noted: number, tally: Tally): void {
  const { lab, touched } = one
  for (const section of sections) {
    for (const name of users)
      expect(filesHolding(lab, clearTextOf(name), section), `${section}, ${name}`).to.deep.equal([])
  }
  if (report.phase !== 'post' || report.images.length === 0) return
  expect(copied(lab)).to.include.members(['alice/1', 'alice/Documents/letter.txt', 'zoe/1'])
  const gap = journal(one).events.some(({ event }) => event === 'gap')
  if (gap) tally.gaps += 1
  for (const image of report.images) {
    tally.ends.add(image.verdict)
    expectOneMoment(one, image, noted)
    // Somebody whose image stood still is not to hear of a suspicion; the watch does not know that it did after a gap.
    if (gap || touched.has(image.user ?? '')) continue
    tally.untouched += 1
    const usual = one.level === 'compare' ? 'proven' : 'complete'
    expect(image.verdict, `${image.path} was left alone: ${image.reason}`).to.equal(usual)
  }
}

/**
 * A copy that is called good is the image as it was at one moment since the night began. `complete` promises as much: a
 * mixed copy has other sizes or times than the image has then, or the image was seen to change.
 */
function expectOneMoment({ lab, mac }: Household, { path, user, verdict, reason }: ReportImage, noted: number): void {
  if (verdict !== 'proven' && verdict !== 'complete') return
  const copy = join(lab.destination, 'Section.0/source', path.slice(lab.source.length))
  expect(existsSync(copy), copy).to.be.true
  const states = accounts.includes(user ?? '') ? mac.statesSince(user ?? '', noted) : [imageDigest(path)]
  expect(states, `${path} is ${verdict}: ${reason}`).to.include(imageDigest(copy))
}

/** By user, the newest copy that a report called good; what was never proven gives way to what was. */
type Good = Map<string, { readonly digest: string; readonly proven: boolean }>

function expectKept(one: Household, good: Good): void {
  for (const [name, { digest }] of good)
    expect(copiesOf(one, name), `the newest good copy of ${name}`).to.include(digest)
}

function noteGood({ lab, stateFolder }: Household, good: Good): void {
  const report = JSON.parse(readFileSync(join(stateFolder, 'report.json'), 'utf8')) as Night['report']
  for (const { path, user, verdict } of report.phase === 'post' ? report.images : []) {
    const proven = verdict === 'proven'
    if (!accounts.includes(user ?? '') || !(proven || verdict === 'complete')) continue
    if (!proven && good.get(user ?? '')?.proven === true) continue
    const copy = join(lab.destination, 'Section.0/source', path.slice(lab.source.length))
    good.set(user ?? '', { digest: imageDigest(copy), proven })
  }
}

for (const host of hosts) {
  const told = host === 'ours' ? 'our stand-in' : 'the real LBackup'
  describe(`logins, writing, logouts and power cuts at random moments of two nights, with ${told}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })
    afterEach(unmountHomes)
    const tally: Tally = { ends: new Set(), untouched: 0, mixed: 0, gaps: 0 }
    const seeds = seedsOf(host)

    for (const seed of seeds) {
      it(`seed ${String(seed)}: no clear text, no false word of a good copy nor of a bad one, and none lost`, async () => {
        const one = household(seed)
        const good: Good = new Map()
        try {
          for (let count = 1; count <= nights; count += 1) {
            await oneNight(host, one, count, tally)
            noteGood(one, good)
            expectKept(one, good)
          }
        } catch (error) {
          ;(error as Error).message += `\nSEED=${String(seed)}\n${one.diary.join('\n')}`
          throw error
        }
      })
    }

    it('met every kind of end', function () {
      const { ends, untouched, mixed, gaps } = tally
      tellSteps(
        this,
        `${String(untouched)} verdicts of images left alone, none of them suspect; rsync made ${String(mixed)} mixed copies; the watch stood still in ${String(gaps)} nights`,
      )
      // Fewer do not meet everything.
      if (seeds.length < 20) return
      expect(untouched, 'verdicts of images left alone').to.be.above(0)
      expect([...ends]).to.include.members([0, 255, 'proven', 'complete', 'suspect', 'bad', 'not-backed-up'])
      expect(mixed, 'mixed copies').to.be.above(0)
    })
  })
}
