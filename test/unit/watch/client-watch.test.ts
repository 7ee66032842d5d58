import { expect } from 'chai'
import type { WatchLine } from '../../../lib/generated/watch.js'
import type { RawPath } from '../../../lib/text/raw-path.js'
import type { ClientOrder } from '../../../lib/watch/client-order.js'
import { watchClient } from '../../../lib/watch/client-watch.js'

const home = '/Users/bob/bob.sparsebundle'
const lies = `appeared ${Buffer.from(home).toString('hex')}\n`
const order = {
  images: [{ slot: 'bob', user: 'bob', container: 'sparse-bundle', places: [home as RawPath], state: 'detached' }],
  client: { interval: 5 },
  until: 3_600_000,
} as unknown as ClientOrder

/** What happens within one interval. In what a client says, `HEAD` is the first line of its call, `NONCE` its nonce. */
interface Scene {
  readonly says?: string
  /** The connection ends, after that. */
  readonly lost?: true
  readonly gone?: true
  /** Milliseconds besides the interval. */
  readonly jump?: number
}

interface Course {
  readonly lines: readonly WatchLine[]
  /** When the client was called, in seconds. */
  readonly calls: readonly number[]
  readonly cut: number
  readonly closed: number
  readonly takenOut: number
  readonly letGo: number
}

/** Runs a watch over one scene after the other, then calls it to its end; `last` is what the client says then. */
async function course(scenes: readonly Scene[], last?: string): Promise<Course> {
  const lines: WatchLine[] = []
  const calls: number[] = []
  let [clock, at, cut, closed, takenOut, letGo] = [0, -1, 0, 0, 0, 0]
  let say: (text: string) => void = () => undefined
  let lose: () => void = () => undefined
  await watchClient(
    order,
    { event: 'begin', run: 'run' },
    {
      now: () => clock,
      async wait(milliseconds) {
        at += 1
        clock += milliseconds + (scenes[at]?.jump ?? 0)
        const { says, lost } = scenes[at] ?? {}
        if (says !== undefined) say(says)
        if (lost === true) lose()
        await Promise.resolve()
      },
      late: () => new Promise((resolve) => setImmediate(resolve)),
      called: () => at >= scenes.length,
      lbackupLives: () => Promise.resolve(scenes[at]?.gone !== true),
      call(nonce, hear) {
        calls.push(clock / 1000)
        const words = { HEAD: `lbackup-filevault 1 ${nonce} watch`, NONCE: nonce }
        say = (text) => {
          hear(
            Buffer.from(
              text.replace(/HEAD|NONCE/g, (word) => words[word as 'HEAD']),
              'latin1',
            ),
          )
        }
        const over = new Promise<void>((resolve) => (lose = resolve))
        return {
          close() {
            closed += 1
            if (last !== undefined) say(last)
            if (last?.includes('end ') === true) lose()
          },
          cut: () => (cut += 1),
          over,
        }
      },
      takeBlockOut: () => void (takenOut += 1),
      letGo: () => Promise.resolve(void (letGo += 1)),
      tell: (line) => lines.push(line),
    },
  )
  return { lines, calls, cut, closed, takenOut, letGo }
}

const shown = ({ lines }: Course): string[] =>
  lines.map(({ event, detail }) => (detail === undefined ? event : `${event} ${detail}`))
const looks = (count: number): Scene[] => Array.from({ length: count }, () => ({ says: 'tick 1\n' }))
const first: Scene = { says: `Welcome!\nHEAD\nlogin al\n${lies}tick 1\n` }
const end = 'end it was asked to end'

describe('the watch over a client', () => {
  it('tells nothing of images that stand still, by one call, and closes it at the end', async () => {
    const still = await course([first, ...looks(5)])
    expect(shown(still)).to.deep.equal(['begin', end])
    expect(still.calls).to.deep.equal([0])
    expect(still).to.include({ closed: 1, takenOut: 0, letGo: 0 })
  })

  it('gives events our own time, whatever the client’s clock says', async () => {
    const { lines } = await course([first, { says: 'login bob\ntick 9\n' }])
    expect(lines[1]).to.deep.equal({ at: new Date(10_000).toISOString(), event: 'login', slot: 'bob', detail: 'bob' })
  })

  it('tells what the last look saw, and that there was none', async () => {
    expect(shown(await course([first], `login bob\ntick 1\nend NONCE ok 9\n`))).to.deep.equal([
      'begin',
      'login bob',
      end,
    ])
    expect(shown(await course([first], 'login bob\ntick 1\n'))).to.deep.equal(['begin', 'login bob', end])
    expect(shown(await course([first], 'end \n')).at(1)).to.equal(
      'gap 5.0 s (the client said what is none of its words)',
    )
    expect(shown(await course([], 'HEAD\ntick 1\n'))).to.deep.equal(['begin', end])
    expect(shown(await course([{}]))).to.deep.equal(['begin', 'gap 10.0 s (the client had not looked yet)', end])
  })

  it('tells the client’s own gaps and problems, whose text may be anything', async () => {
    const said = `gap 61\nproblem ${'\u001b[2J'.repeat(100)}\ntick 1\n`
    const [, gap, problem] = shown(await course([first, { says: said }]))
    expect(gap).to.equal('gap 61 s between two looks')
    expect(problem).to.match(/^gap part of the run \(the client: (\\x1b\[2J){50}\)$/)
  })

  it('tells for how long a client said nothing, once it says something again or at the end', async () => {
    const silent = await course([first, {}, {}, {}, {}, {}, { says: `HEAD\n${lies}tick 1\n` }])
    expect(shown(silent)).to.deep.equal(['begin', 'gap 30.0 s (the client told nothing)', end])
    expect(silent.calls, 'after more than three intervals, and an interval later').to.deep.equal([0, 30])
    expect(shown(await course([first, {}, {}, {}]))).to.deep.equal([
      'begin',
      'gap 20.0 s (the client told nothing)',
      end,
    ])
  })

  it('calls a client again that it lost, later and later', async () => {
    const never = await course(Array.from({ length: 400 }, () => ({ lost: true }) as const))
    const apart = never.calls.slice(1).map((at, index) => at - (never.calls[index] as number))
    expect(apart.slice(0, 9)).to.deep.equal([10, 15, 25, 45, 85, 165, 305, 305, 305])
    expect(shown(never)).to.deep.equal(['begin', 'gap 2005.0 s (the connection to the client was lost)', end])
  })

  it('calls at once after a call that lasted, and takes its end by the client’s limit for no gap', async () => {
    const long = await course([
      first,
      ...looks(14),
      { says: 'tick 1\nend NONCE too-much 40\n', lost: true },
      { says: `HEAD\n${lies}login bob\ntick 1\n` },
    ])
    expect(long.calls).to.deep.equal([0, 80])
    expect(shown(long), 'what happened meanwhile').to.deep.equal(['begin', 'login bob', end])
  })

  it('tells a gap where the client’s limit is so short that most of the time nothing was seen', async () => {
    const short: Scene = { says: `HEAD\n${lies}tick 1\nend NONCE too-much 3\n` }
    const { calls, lines } = await course(Array.from({ length: 40 }, () => short))
    expect(calls.slice(0, 5)).to.deep.equal([0, 10, 25, 50, 95])
    expect(lines.map(({ detail }) => detail).slice(1, 4)).to.deep.equal(
      [25, 45, 85].map((seconds) => `${String(seconds)}.0 s (the client told nothing)`),
    )
  })

  it('hangs up on who says too much or what is no word, in whatever pieces', async () => {
    for (const [says, why] of [
      ['tick 1\n'.repeat(17), 'the client said more than it has to say'],
      ['x'.repeat(16 * 1024 + 1), 'the client said more than it has to say'],
      [`problem ${'x'.repeat(1024)}\n`.repeat(1025), 'the client said more than it has to say'],
      ['\n', 'the client said what is none of its words'],
      ['\0\u00ff\n', 'the client said what is none of its words'],
    ] as const) {
      const bad = await course([first, { says }, { says: 'login bob\ntick 1\n' }])
      expect(shown(bad).at(-2), says.slice(0, 20)).to.match(new RegExp(`^gap 1[05]\\.0 s \\(${why}\\)$`))
      expect(shown(bad), 'nothing after that').not.to.include('login bob')
      expect(bad.cut).to.be.above(0)
    }
  })

  it('keeps the journal of a client short that tells without end', async () => {
    const scene: Scene = { says: 'login bob\ntick 1\nlogout bob\ntick 1\n'.repeat(8) }
    const { lines } = await course([first, ...Array.from({ length: 1000 }, () => scene)])
    expect(lines).to.have.length(10_002)
    expect(lines.at(-2)?.detail).to.equal('the rest of the run (the client told of 10000 events)')
  })

  it('takes a clock that is set back, or ahead, for a gap', async () => {
    for (const jump of [-60_000, 60_000]) {
      const { lines, calls } = await course([first, { jump }, {}, { says: `HEAD\n${lies}tick 1\n` }])
      expect(calls).to.have.length(2)
      expect(lines[1]?.detail).to.match(/s \(the client told nothing\)$/)
    }
  })

  it('ends where LBackup is gone, and with it the login of the run', async () => {
    const orphan = await course([first, { gone: true }, {}])
    expect(shown(orphan)).to.deep.equal(['begin', 'end LBackup is gone'])
    expect(orphan).to.include({ closed: 1, takenOut: 1, letGo: 1 })
  })
})
