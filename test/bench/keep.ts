import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { CopyLabel } from '../../lib/generated/copy.js'
import type { SlotBook } from '../../lib/generated/slots.js'
import type * as buildModule from '../../lib/keep/build-image.js'
import type * as olderModule from '../../lib/keep/older-copy.js'
import type * as protectModule from '../../lib/keep/protect.js'
import type * as standingModule from '../../lib/keep/standing.js'
import type * as markModule from '../../lib/keep/section-mark.js'
import type * as sectionsModule from '../../lib/lbackup/sections.js'
import type * as folderModule from '../../lib/system/folder.js'
import { fromText } from '../../lib/text/raw-path.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { inFolder, largeBundle, name } from './large.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

/** Keeping an older copy of a large image against `cp -al`, and a night in which nothing is to be kept. */
export async function benchKeep(): Promise<Figure[]> {
  return [await large(), await idle()]
}

function large(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { buildImage } = await built<typeof buildModule>('lib/keep/build-image.js')
    const { withFolder } = await built<typeof folderModule>('lib/system/folder.js')
    const path = largeBundle(join(folder, 'older'), 131_072, 0)
    const target = join(folder, 'target')
    const fresh = (work: () => number): (() => number) => {
      return () => {
        rmSync(target, { recursive: true, force: true })
        mkdirSync(target)
        return work()
      }
    }
    const subject = fresh(() =>
      milliseconds(() =>
        withFolder(fromText(target), (into) =>
          buildImage({ from: fromText(path), container: 'sparse-bundle', into, name: fromText(name), how: 'link' }),
        ),
      ),
    )
    const reference = fresh(() => programMilliseconds('cp', ['-al', path, target]))
    return compare({ work: 'keep an older copy of 131,072 bands', limit: 1.2, against: 'cp -al', subject, reference })
  })
}

function idle(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { planOlder } = await built<typeof olderModule>('lib/keep/older-copy.js')
    const { planProtection, planRelease } = await built<typeof protectModule>('lib/keep/protect.js')
    const { standing } = await built<typeof standingModule>('lib/keep/standing.js')
    const { sectionMark } = await built<typeof markModule>('lib/keep/section-mark.js')
    const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
    const slots = Array.from({ length: 50 }, (_, index) => `user${String(index)}`)
    for (const number of [0, 1, 2]) {
      for (const slot of slots) {
        const home = join(folder, `Section.${String(number)}/${slot}`)
        execFileSync('mkdir', ['-p', home])
        writeSparseBundle(join(home, 'a.sparsebundle'), { bands: [{ index: 0, length: 4096 }] })
      }
    }
    const { sections } = readSections(fromText(folder))
    const label = (slot: string, number: number): CopyLabel =>
      ({
        slot,
        run: String(number),
        madeAt: `2026-01-0${String(9 - number)}T00:00:00Z`,
        verdict: 'proven',
        identity: null,
        path: `/Users/${slot}/a.sparsebundle`,
        copyPath: `${slot}/a.sparsebundle`,
        container: 'sparse-bundle',
        manifest: null,
      }) as CopyLabel
    const book = {
      schema: 'slots/1',
      adoptedAt: null,
      slots: slots.map((slot) => ({
        slot,
        copies: sections.map((one) => ({ label: label(slot, one.number), place: { section: sectionMark(one) } })),
      })),
    } as SlotBook
    const took = milliseconds(() => {
      const { copies } = standing(book, fromText(folder), { sections })
      const wanted = [...planProtection(copies, 3), ...planRelease(copies, 3)]
      const older = slots.map((slot) => {
        const ofSlot = copies.filter(({ known }) => known.label.slot === slot)
        return planOlder({ state: 'fair', identity: null }, ofSlot)
      })
      if (wanted.length > 0 || older.some(({ kind }) => kind !== 'nothing'))
        throw new Error('there was something to do')
    })
    const work = 'protect and keep, nothing to do, 50 slots, seconds'
    return { work, shown: `${took.toFixed(0)} ms`, value: took / 1000, limit: 0.5 }
  })
}
