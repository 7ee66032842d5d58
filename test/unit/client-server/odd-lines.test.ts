import { expect } from 'chai'
import type { Answer } from '../../../lib/client/answer.js'
import { readLook } from '../../../lib/client/look-answer.js'
import { readFingerprints } from '../../../lib/client/members.js'
import { toHex } from '../../../lib/client/words.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { memberName } from '../../../lib/image/member-table.js'
import { fromText } from '../../../lib/text/raw-path.js'

const answer = (lines: readonly string[]): Answer => ({ status: 'ok', lines, problems: [] })
const path = fromText('/Users/bob/bob.sparsebundle')
const hex = toHex(path)
const image = `image sparse-bundle 1 2 501 1600000000 ${hex}`
const head = ['platform macos', 'clock 1700000000', `root ${toHex(fromText('/Users'))} ok`]

function codeOf(read: () => unknown): string {
  try {
    read()
    return 'read'
  } catch (error) {
    if (error instanceof OperationalError) return error.code
    throw error
  }
}

describe('what a client tells of its images', () => {
  it('is read with all that belongs to each of them', () => {
    const look = readLook(
      answer([
        ...head,
        'device 1',
        'entries 7',
        image,
        `home ${toHex(fromText('/Users/bob'))} 1 501`,
        `name ${toHex(fromText('bob.sparsebundle'))}`,
        'file token f 3',
        'x 61 62',
        'x 63',
        'file Info.plist missing 0',
        'tool who 0',
        'x 41 0a',
        'tool lsof none',
        `open 0 12 501 a_b bands/1\u0001 x`,
        `identity ${hex} - -`,
        'a-line-of-tomorrow with words',
      ]),
    )
    const [told] = look.images
    expect(look.roots).to.deep.equal([{ path: '/Users', state: 'ok', device: 1, entries: 7 }])
    expect(told).to.include({ path, root: '/Users', device: 1, inode: 2, ownerUid: 501, born: 1600000000 })
    expect(told?.files.get('token')?.bytes.toString()).to.equal('abc')
    expect(told?.files.get('Info.plist')?.type).to.equal('missing')
    expect(told?.homes).to.deep.equal([{ path: '/Users/bob', device: 1, ownerUid: 501, names: ['bob.sparsebundle'] }])
    expect(look.tools.get('who')).to.deep.equal({ exit: 0, output: Buffer.from('A\n') })
    expect(look.tools.get('lsof')?.exit).to.equal(undefined)
    expect(look.open).to.deep.equal([{ image: 0, pid: 12, uid: 501, program: 'a_b', member: 'bands/1\n x' }])
    expect([...look.identities]).to.deep.equal([[path, 'gone']])
  })

  const bad: Record<string, readonly string[]> = {
    'no platform': ['clock 1700000000'],
    'another platform': ['platform amiga', 'clock 1700000000'],
    'no clock': ['platform linux'],
    'a clock that is no number': ['platform linux', 'clock soon'],
    'a path that is no hex': [...head, image.replace(hex, 'zz')],
    'a path with half a byte': [...head, image.slice(0, -1)],
    'no path': [...head, 'image sparse-bundle 1 2 501 1600000000'],
    'an unknown kind of image': [...head, image.replace('sparse-bundle', 'floppy')],
    'an inode below zero': [...head, image.replace(' 2 ', ' -2 ')],
    'an inode without end': [...head, image.replace(' 2 ', ' Infinity ')],
    'a file before any image': [...head, 'file token f 0'],
    'a name before any home': [...head, image, 'name 61'],
    'a device before any root': ['platform linux', 'clock 1', 'device 4'],
    'a short tool': [...head, 'tool who'],
  }
  for (const [what, lines] of Object.entries(bad)) {
    it(`is refused with ${what}`, () => {
      expect(codeOf(() => readLook(answer(lines)))).to.equal('client-answer-odd')
    })
  }
})

describe('the members that a client tells', () => {
  const containers = new Map([[path, 'sparse-bundle' as const]])
  const read = (...members: string[]) =>
    readFingerprints(answer(['clock 1700000000', `image ${hex}`, ...members]), containers)
  const own = 'm d 96 1600000001.5 1600000002.25 11 5 '
  const rows = [
    'm f 8 1600000000.1234567890 1600000000.9999999990 20 1 bands/a',
    own,
    'm d 64 1600000000 1600000000 12 4 bands',
    'm f 9 1600000000.5 1600000000.5 21 2 bands/9',
    'm f 0 1600000000.5 1600000000.5 13 1 token',
    'm f 1 1600000000.5 1600000000.5 14 1 bands/x y\u0001z',
    'm f 1 1600000000.5 1600000000.5 15 1 other/file',
  ]

  it('come in the order of their names, whatever the order of the lines', () => {
    for (const lines of [rows, [...rows].reverse()]) {
      const table = read(...lines).images.get(path)?.table
      if (table === undefined) expect.fail('there is no table')
      const names = Array.from({ length: table.length }, (_, row) => memberName(table, row))
      expect(names).to.deep.equal(['bands', 'token', 'bands/9', 'bands/a', 'bands/x y\nz'])
      expect(table.size[3]).to.equal(8)
      expect([table.modified[3], table.changed[3]]).to.deep.equal([1600000000123456, 1600000000999999])
      expect([...table.inode]).to.deep.equal([12, 13, 21, 20, 14])
    }
    expect(read(...rows).images.get(path)?.own).to.deep.include({ type: 'folder', inode: 11, modified: 1600000001500 })
    expect(read(...rows).lookedAt).to.equal(1700000000 * 1_000_000)
  })

  it('of an image that is not there are none', () => {
    expect(read().images.get(path)?.own).to.equal(undefined)
    expect(readFingerprints(answer(['clock 1']), containers).images.size).to.equal(0)
  })

  it('are none of an image that nobody asked for', () => {
    const other = toHex(fromText('/etc'))
    expect(readFingerprints(answer(['clock 1', `image ${other}`, own]), containers).images.size).to.equal(0)
  })

  const bad: Record<string, string> = {
    'too few words': 'm f 1 2 3',
    'a size that is no number': 'm f x 1600000000 1600000000 1 1 token',
    'no size': 'm f  1600000000 1600000000 1 1 token',
    'a time that is no number': 'm f 1 soon 1600000000 1 1 token',
    'a fraction that is no number': 'm f 1 1600000000.x 1600000000 1 1 token',
    'an inode that is no number': 'm f 1 1600000000 1600000000 - 1 token',
  }
  for (const [what, line] of Object.entries(bad)) {
    it(`are refused with ${what}`, () => {
      expect(codeOf(() => read(own, line))).to.equal('client-answer-odd')
    })
  }

  it('are refused without the time of the look', () => {
    expect(codeOf(() => readFingerprints(answer([`image ${hex}`, own]), containers))).to.equal('client-answer-odd')
  })
})
