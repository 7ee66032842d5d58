import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type * as olderModule from '../../lib/keep/older-copy.js'
import type * as bookModule from '../../lib/keep/book.js'
import type * as sectionsModule from '../../lib/lbackup/sections.js'
import { fromText } from '../../lib/text/raw-path.js'
import { inFolder, name } from './large.js'
import { benchIdle } from './idle.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'
import { vouchedCopy } from './vouched.js'

const bands = 131_072

/** Keeping an older copy of a large image against `cp -al`, and a night in which nothing is to be kept. */
export async function benchKeep(): Promise<Figure[]> {
  return [await large(), await benchIdle()]
}

/** A vouched copy in Section.1 is put into Section.0, with manifest, label and the entry in the book. */
function large(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { keepOlder } = await built<typeof olderModule>('lib/keep/older-copy.js')
    const { emptyBook, withCopy, writeBook } = await built<typeof bookModule>('lib/keep/book.js')
    const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
    const copy = await vouchedCopy(folder, bands, 1)
    const state = fromText(join(folder, 'state'))
    for (const made of ['Section.0', 'state', 'target']) mkdirSync(join(folder, made))
    const [zero] = readSections(fromText(folder)).sections
    if (zero === undefined) throw new Error('there are no sections')
    const order = { copy, section: zero, copyPath: fromText(name), backupDest: fromText(folder), runId: 'run' }
    const subject = (): number => {
      rmSync(join(folder, 'Section.0', name), { recursive: true, force: true })
      rmSync(join(folder, 'Section.0/.lbackup-filevault'), { recursive: true, force: true })
      return milliseconds(() => {
        const known = keepOlder(order)
        if (known.label.manifest === null) throw new Error('nothing vouches for the kept copy')
        writeBook(state, withCopy(emptyBook, known))
      })
    }
    const reference = linking(folder, copy.image)
    return compare({ work: 'keep an older copy of 131,072 bands', limit: 1.2, against: 'cp -al', subject, reference })
  })
}

/** What an administrator would use: `cp -al` of an image to a new place. */
export const linking = (folder: string, image: string) => (): number => {
  rmSync(join(folder, 'target', name), { recursive: true, force: true })
  return programMilliseconds('cp', ['-al', image, join(folder, 'target')])
}
