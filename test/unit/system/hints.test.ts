import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { hintsFrom } from '../../../lib/system/hints.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('a hint', () => {
  it('comes of what happens in a folder, or to one name in it', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'home'))
    const hints = hintsFrom([
      { folder: fromText(join(folder, 'home')), name: fromText('bob') },
      { folder: fromText(join(folder, 'missing')) },
    ])
    const happened: string[] = []
    const hinted = (what: string, of = hints): Promise<void> =>
      new Promise((resolve) => {
        of.next = () => {
          happened.push(what)
          resolve()
        }
      })
    hints.next = () => happened.push('of another name')
    // Hears of every name, and so when the other one could have heard of this.
    const another = hinted('another', hintsFrom([{ folder: fromText(join(folder, 'home')) }]))
    writeFileSync(join(folder, 'home/zoe'), '')
    await another
    await new Promise((resolve) => setImmediate(resolve))
    const made = hinted('made')
    writeFileSync(join(folder, 'home/bob'), '')
    await made
    const moved = hinted('moved')
    renameSync(join(folder, 'home/bob'), join(folder, 'home/away'))
    await moved
    expect(new Set(happened)).to.deep.equal(new Set(['another', 'made', 'moved']))
  })
})
