import { renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

// Run as a process of its own: swaps folders for links to their like outside, over and over, as a hostile user would.

const [root, outside] = process.argv.slice(2) as [string, string]
const places = ['home', 'home/sub', 'home/sub/x.sparsebundle'] as const
places.forEach((_, index) => symlinkSync(join(outside, places[index] as string), join(root, `link${String(index)}`)))
process.send?.('ready')
let ended = false
process.on('disconnect', () => (ended = true))

function swapForAWhile(): void {
  for (let round = 0; round < 200; round += 1) {
    for (const [index, place] of places.entries()) {
      const [there, link, aside] = [
        join(root, place),
        join(root, `link${String(index)}`),
        join(root, `aside${String(index)}`),
      ]
      renameSync(there, aside)
      renameSync(link, there)
      renameSync(there, link)
      renameSync(aside, there)
    }
  }
  if (!ended) setImmediate(swapForAWhile)
}
swapForAWhile()
