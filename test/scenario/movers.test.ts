import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { v2Header } from '../support/image-writer/encryption-header.js'
import { imageDigest, random, type Random } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'
import { bandOf, rewrite, writeImage } from './support/set.js'
import { doubles, seedsLeft, storedAnew } from './support/stored.js'

// NIGHTS=30 for more, NIGHTS_REAL=30 for as many with the real LBackup, which waits seven seconds in each.
const { NIGHTS = '6', NIGHTS_REAL = '3' } = process.env
const users = Array.from({ length: 10 }, (_, index) => `user${String(index)}`)
const bandBytes = 8192

/** Where a user's image lies: in the home, the hidden home, or a home that was moved elsewhere. */
interface User {
  readonly image: string
  readonly places: readonly string[]
  at: number
}

for (const host of hosts) {
  describe(`ten users whose images move about, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(3_600_000)
    before(function () {
      needHost(this, host)
    })

    const nights = Number(host === 'ours' ? NIGHTS : NIGHTS_REAL)
    it(`${String(nights)} nights store what changed, and every copy is proven`, async () => {
      const numbers = random(6)
      const lab = makeLab()
      const stateFolder = protect(lab, { watch: { mode: 'off' } })
      const all = users.map((name) => userOf(lab, name))
      await night(host, lab, stateFolder)
      for (let count = 1; count <= nights; count += 1) {
        const changed = all.reduce((sum, user) => sum + day(user, numbers), 0)
        const result = await night(host, lab, stateFolder)
        const when = `night ${String(count)}: ${result.said.join('\n')}`
        expect(
          result.report.images.map(({ verdict }) => verdict),
          when,
        ).to.deep.equal(users.map(() => 'proven'))
        expect(storedAnew(lab), when).to.equal(changed * bandBytes)
        expect(seedsLeft(lab), when).to.deep.equal([])
        for (const { image, places, at } of all) {
          expect(doubles(lab, image), when).to.deep.equal([])
          const now = places[at] as string
          expect(imageDigest(join(lab.destination, 'Section.0/source', now.slice(lab.source.length))), when).to.equal(
            imageDigest(now),
          )
        }
      }
    })
  })
}

function userOf({ source }: Lab, name: string): User {
  const image = `${name}.sparsebundle`
  const places = [name, `.${name}`, `elsewhere/${name}`].map((home) => join(source, home, image))
  writeImage(places[0] as string, name, { token: v2Header(name) })
  return { image, places, at: 0 }
}

/** The image moves more often than not, and is written to; returns how many bands changed. */
function day(user: User, numbers: Random): number {
  if (numbers.below(3) > 0) {
    const [from, at] = [user.places[user.at] as string, numbers.below(user.places.length)]
    const to = user.places[at] as string
    mkdirSync(dirname(to), { recursive: true })
    renameSync(from, to)
    if (readdirSync(dirname(from)).length === 0) rmdirSync(dirname(from))
    user.at = at
  }
  const changed = ['0', '1', '2', '3', '4'].filter(() => numbers.below(4) === 0)
  // Far enough from the last time that rsync does not take it for the same.
  for (const name of changed) rewrite(bandOf(user.places[user.at] as string, name), 100)
  return changed.length
}
