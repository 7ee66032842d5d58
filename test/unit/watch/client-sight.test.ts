import { expect } from 'chai'
import fc from 'fast-check'
import type { UsageState } from '../../../lib/mount/usage.js'
import type { RawPath } from '../../../lib/text/raw-path.js'
import { clientSight } from '../../../lib/watch/client-sight.js'
import type { ClientWord } from '../../../lib/watch/client-words.js'
import type { WatchedImage } from '../../../lib/watch/order.js'

const hex = (text: string): string => Buffer.from(text).toString('hex')
const home = '/Users/bob/bob.sparsebundle'
const hidden = '/Users/.bob/bob.sparsebundle'
const bob = (state: UsageState = 'detached', user = 'bob'): WatchedImage => ({
  slot: 'bob',
  user,
  container: 'sparse-bundle',
  places: [home, hidden] as RawPath[],
  device: 1,
  inode: 2,
  state,
})
const there = (thing: string): ClientWord => ({ says: 'there', thing })
const gone = (thing: string): ClientWord => ({ says: 'gone', thing })
const problem: ClientWord = { says: 'problem', text: 'It cannot be found out what is there (attached).' }
const [atHome, atHidden, attached, login] = [
  `appeared ${hex(home)}`,
  `appeared ${hex(hidden)}`,
  `attached ${hex(hidden)}`,
  'login bob',
]
/** A call begins; what is said before it belongs to a call that was cut off. */
const call = 'call'

/** What follows from looks, one after the other; the first call begins by itself. */
function told(image: WatchedImage, ...looks: readonly (ClientWord | typeof call)[][]): string[][] {
  const sight = clientSight([image])
  sight.begin()
  return looks.map((words) => {
    for (const word of words) {
      if (word === call) sight.begin()
      else sight.take(word)
    }
    return sight.settle().map(({ event, slot, detail }) => {
      expect(slot).to.equal('bob')
      return detail === undefined ? event : `${event} ${detail}`
    })
  })
}

describe('what a client tells of an image', () => {
  it('is a login that moves and attaches it, and the logout', () => {
    expect(
      told(
        bob(),
        [there(atHome)],
        [there(login), there(attached), there(atHidden), gone(atHome)],
        [],
        [gone(login), gone(attached), there(atHome), gone(atHidden)],
      ),
    ).to.deep.equal([
      [],
      ['login bob', `moved to ${hidden}`, 'attached'],
      [],
      ['logout bob', `returned to ${home}`, 'detached'],
    ])
  })

  it('is compared with the plan at the first look', () => {
    expect(told(bob(), [there(login), there(atHidden), there(attached)])).to.deep.equal([
      [`moved to ${hidden}`, 'attached'],
    ])
    expect(told(bob('attached'), [there(atHome), there(attached)], [gone(attached)])).to.deep.equal([[], ['detached']])
    expect(told(bob('unknown'), [there(atHome)], [there(attached)])).to.deep.equal([[], ['attached']])
  })

  it('that it is nowhere counts only where it was told to be somewhere', () => {
    expect(told(bob(), [], [])).to.deep.equal([[], []])
    expect(told(bob(), [there(atHome)], [gone(atHome)], [there(atHome)])).to.deep.equal([
      [],
      ['vanished'],
      [`returned to ${home}`],
    ])
  })

  it('at both places is where it was', () => {
    expect(told(bob(), [there(atHome)], [there(atHidden)], [gone(atHidden)])).to.deep.equal([[], [], []])
  })

  it('is told by the first look of a later call, also where one in between was cut off', () => {
    expect(told(bob(), [there(atHome), there(login)], [call, there(atHidden)])).to.deep.equal([
      [],
      ['logout bob', `moved to ${hidden}`],
    ])
    expect(told(bob(), [there(atHome)], [call, there(login), call, there(atHome)])).to.deep.equal([[], []])
    expect(told(bob(), [there(atHome)], [call])).to.deep.equal([[], ['vanished']])
  })

  it('is not taken for gone where a later call could not find out all', () => {
    const first = [there(atHome), there(login), there(attached)]
    expect(told(bob(), first, [call, there(atHome), problem])[1]).to.deep.equal([])
    expect(told(bob(), first, [call, call, problem, there(atHome)])[1]).to.deep.equal([])
    expect(told(bob(), first, [problem, gone(login)])[1]).to.deep.equal(['logout bob'])
  })

  it('is of a user whose name the client cannot write, in its characters', () => {
    const [, second] = told(bob('detached', 'bö b'), [there(atHome)], [there('login b???b')])
    expect(second).to.deep.equal(['login bö b'])
  })

  it('of others changes nothing, however much there is', () => {
    const words = fc.array(fc.string().map((text) => there(`appeared ${text}`)))
    fc.assert(
      fc.property(words, (others) => {
        expect(told(bob(), [there(atHome)], others)[1]).to.deep.equal([])
      }),
    )
  })
})
