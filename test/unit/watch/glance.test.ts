import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { glanceAt } from '../../../lib/watch/glance.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeImage } from '../../scenario/support/set.js'
import { temporaryFolder } from '../../support/temporary.js'

const rounds = 300

/** Moves the image away when the first number is 1, and back when it is 2; each time after a moment of its own. */
const user = `
const { workerData: { here, away, shared } } = require('node:worker_threads')
const { renameSync } = require('node:fs')
const turn = new Int32Array(shared)
for (;;) {
  Atomics.wait(turn, 0, 0)
  const what = Atomics.load(turn, 0)
  if (what === 3) break
  for (let moment = Math.random() * 20000; moment > 0; moment -= 1);
  renameSync(...(what === 1 ? [here, away] : [away, here]))
  Atomics.store(turn, 0, 0)
  Atomics.notify(turn, 0)
}`

describe('a glance at an image', function () {
  this.timeout(60_000)

  it('that leaves in the middle of it shows no members that are missing', () => {
    const here = join(temporaryFolder(), 'bob.sparsebundle')
    writeImage(here, 'bob')
    const { dev, ino } = statSync(here)
    const image = { places: [fromText(here)], container: 'sparse-bundle', device: dev, inode: ino } as const
    const watched = image as unknown as Parameters<typeof glanceAt>[0]
    const whole = glanceAt(watched)
    const shared = new SharedArrayBuffer(4)
    const turn = new Int32Array(shared)
    const worker = new Worker(user, { eval: true, workerData: { here, away: `${here}.away`, shared } })
    const tell = (what: number): void => {
      Atomics.store(turn, 0, what)
      Atomics.notify(turn, 0)
    }
    const torn: unknown[] = []
    for (let round = 0; round < rounds; round += 1) {
      tell(1)
      for (let seen = glanceAt(watched); seen.place !== undefined; seen = glanceAt(watched))
        for (const [name, state] of seen.members) if (state !== whole.members.get(name)) torn.push([name, state])
      while (Atomics.load(turn, 0) !== 0) Atomics.wait(turn, 0, 1)
      tell(2)
      while (Atomics.load(turn, 0) !== 0) Atomics.wait(turn, 0, 2)
    }
    tell(3)
    void worker.terminate()
    expect(torn).to.deep.equal([])
  })
})
