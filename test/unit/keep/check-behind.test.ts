import { linkSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { bandName } from '../../../lib/image/band-names.js'
import { checkBehind } from '../../../lib/keep/check-behind.js'
import { ringRows, type Expected } from '../../../lib/keep/check-tasks.js'
import { withFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

// More than the two threads can hold between them.
const count = ringRows + 1000

describe('a check behind the linking', () => {
  let folder: string
  let expected: Expected[]
  const path = (index: number): string => join(folder, bandName(index))

  beforeEach(() => {
    folder = join(temporaryFolder(), 'bands')
    mkdirSync(folder)
    const file = join(folder, '../file')
    writeFileSync(file, '1234')
    utimesSync(file, 1_600_000_000, 1_600_000_000)
    for (let index = 0; index < count; index += 1) linkSync(file, path(index))
    expected = Array.from({ length: count }, () => ({
      inode: lstatSync(file).ino,
      size: 4,
      modified: 1_600_000_000_000_000,
    }))
  })

  const check = (patienceMilliseconds?: number): boolean =>
    withFolder(fromText(folder), (held) => {
      const behind = checkBehind(held, patienceMilliseconds)
      expected.forEach((one, index) => {
        behind.add(index, one)
      })
      return behind.finish()
    })

  /** The check while something stands in the place of a band. */
  function checkWith(index: number, change: (band: string) => void): boolean {
    const [band, away] = [path(index), join(folder, '..', 'away')]
    renameSync(band, away)
    change(band)
    try {
      return check()
    } finally {
      rmSync(band, { recursive: true, force: true })
      renameSync(away, band)
    }
  }

  it('agrees where every band is what it must be', () => {
    expect(check()).to.be.true
  })

  it('finds a band that is not, the first or the last', () => {
    for (const index of [0, count - 1]) {
      const put = (text: string, seconds: number) => (band: string) => {
        writeFileSync(band, text)
        utimesSync(band, seconds, seconds)
      }
      expect(
        checkWith(index, () => undefined),
        'missing',
      ).to.be.false
      expect(checkWith(index, put('1234', 1_600_000_000)), 'another file').to.be.false
      expect(
        checkWith(index, (band) => mkdirSync(band)),
        'a folder',
      ).to.be.false
    }
    for (const one of [{ size: 5 }, { modified: 1_600_000_001_000_000 }]) {
      const right = expected[7] as Expected
      expected[7] = { ...right, ...one }
      expect(check(), JSON.stringify(one)).to.be.false
      expected[7] = right
    }
    expect(check()).to.be.true
  })

  it('is given up where its thread does not answer', () => {
    expect(check(1)).to.be.false
  })
})
