import { linkSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

// Run as a process of its own: swaps members and folders of an image, and the image itself, for links to what is not in
// it, over and over, as a hostile user would who may even give files of others a second name.

const [home, image, outside] = process.argv.slice(2) as [string, string, string]
const secret = join(outside, 'bands/0')
const aside = join(home, 'aside')

const quietly = (action: () => void): void => {
  try {
    action()
  } catch {
    // Whatever stands there by now is swapped in the next round.
  }
}

/** Puts something else in the place of a member for a moment. */
function swap(place: string, put: () => void): void {
  quietly(() => renameSync(place, aside))
  quietly(put)
  quietly(() => unlinkSync(place))
  quietly(() => renameSync(aside, place))
}

const band = join(image, 'bands/0')
const moves = [
  () => swap(band, () => symlinkSync(secret, band)),
  () => swap(band, () => linkSync(secret, band)),
  () => swap(join(image, 'bands'), () => symlinkSync(join(outside, 'bands'), join(image, 'bands'))),
  () => swap(image, () => symlinkSync(outside, image)),
  () => swap(join(image, 'token'), () => symlinkSync(secret, join(image, 'token'))),
]

rmSync(aside, { recursive: true, force: true })
process.send?.('ready')
let ended = false
process.on('disconnect', () => (ended = true))
function race(): void {
  for (let round = 0; round < 100; round += 1) for (const move of moves) move()
  if (!ended) setImmediate(race)
}
race()
