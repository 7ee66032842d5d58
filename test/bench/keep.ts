import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type * as olderModule from '../../lib/keep/older-copy.js'
import type * as markModule from '../../lib/keep/section-mark.js'
import type * as bookModule from '../../lib/keep/book.js'
import type * as sectionsModule from '../../lib/lbackup/sections.js'
import type * as proveModule from '../../lib/prove/prove.js'
import type * as fileModule from '../../lib/prove/manifest-file.js'
import type * as folderModule from '../../lib/system/folder.js'
import type { CopyLabel } from '../../lib/generated/copy.js'
import { fromText } from '../../lib/text/raw-path.js'
import { demand, inFolder, largeBundle, name, request, section } from './large.js'
import { benchIdle } from './idle.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

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
    const { sectionMark } = await built<typeof markModule>('lib/keep/section-mark.js')
    const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
    const { label, image } = await vouched(folder)
    const state = fromText(join(folder, 'state'))
    for (const made of ['Section.0', 'state', 'target']) mkdirSync(join(folder, made))
    const [zero, one] = readSections(fromText(folder)).sections
    if (zero === undefined || one === undefined) throw new Error('there are no sections')
    const copy = {
      known: { label, place: { section: sectionMark(one) } },
      image: fromText(image),
      manifestFolder: fromText(join(folder, 'Section.1/.lbackup-filevault')),
      section: one,
    }
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
    const reference = (): number => {
      rmSync(join(folder, 'target', name), { recursive: true, force: true })
      return programMilliseconds('cp', ['-al', image, join(folder, 'target')])
    }
    return compare({ work: 'keep an older copy of 131,072 bands', limit: 1.2, against: 'cp -al', subject, reference })
  })
}

/** Makes an image and a proven copy of it in Section.1. */
async function vouched(folder: string): Promise<{ label: CopyLabel; image: string }> {
  const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
  const { writeManifest } = await built<typeof fileModule>('lib/prove/manifest-file.js')
  const { withFolder } = await built<typeof folderModule>('lib/system/folder.js')
  const source = largeBundle(join(folder, 'source'), bands, 0)
  const image = section(join(folder, 'source'), join(folder, 'Section.1'))
  const proof = await prove(request(source, image))
  demand(proof)
  const held = join(folder, 'Section.1/.lbackup-filevault')
  mkdirSync(held, { mode: 0o700 })
  const rest = {
    run: 'run-1',
    madeAt: '2026-01-01T00:00:00Z',
    verdict: 'proven',
    identity: null,
    path: `/Users/${name}`,
    copyPath: name,
    container: 'sparse-bundle',
    members: bands,
  } as Omit<CopyLabel, 'schema' | 'slot' | 'manifest'>
  const manifest = withFolder(fromText(held), (to) => writeManifest(to, 'large', proof.manifest, rest))
  return { label: { ...rest, schema: 'copy/1', slot: 'large', manifest }, image }
}
