import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type * as bookModule from '../../lib/keep/book.js'
import type * as olderModule from '../../lib/keep/older-copy.js'
import type * as standingModule from '../../lib/keep/standing.js'
import type * as markModule from '../../lib/keep/section-mark.js'
import type * as filesModule from '../../lib/keep/section-files.js'
import type * as workModule from '../../lib/keep/work-folder.js'
import type * as sectionsModule from '../../lib/lbackup/sections.js'
import type * as proveModule from '../../lib/prove/prove.js'
import type * as historyModule from '../../lib/run/history.js'
import type * as protectModule from '../../lib/run/protect-copies.js'
import type { CopyLabel } from '../../lib/generated/copy.js'
import type { KnownCopy, SlotBook } from '../../lib/generated/slots.js'
import type { Section } from '../../lib/lbackup/sections.js'
import type { RunContext } from '../../lib/run/context.js'
import { fromText } from '../../lib/text/raw-path.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { demand, inFolder, request } from './large.js'
import { built, median, type Figure } from './support.js'

const rounds = 5
const slots = Array.from({ length: 50 }, (_, index) => `user${String(index).padStart(2, '0')}`)
const pathOf = (slot: string): string => `${slot}/a.sparsebundle`

/**
 * A night in which nothing is to be kept: fifty slots with a vouched copy in each of three sections. What the pre hook does
 * for it, and what the post hook decides of each slot. That it writes down tonight's own copies is no part of it.
 */
export function benchIdle(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { copiesOf, writeBook } = await built<typeof bookModule>('lib/keep/book.js')
    const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
    const { openHistory } = await built<typeof historyModule>('lib/run/history.js')
    const { protectCopies } = await built<typeof protectModule>('lib/run/protect-copies.js')
    const { planOlder } = await built<typeof olderModule>('lib/keep/older-copy.js')
    const { stand } = await built<typeof standingModule>('lib/keep/standing.js')
    const [destination, state] = [join(folder, 'destination'), join(folder, 'state')]
    mkdirSync(state)
    const book = await makeSet(folder, destination)
    writeBook(fromText(state), book)
    const environment = { backupDest: fromText(destination), numRotations: 4 }
    const system = { now: () => new Date() }
    const context = { environment, stateFolder: fromText(state), runId: 'run', system } as unknown as RunContext
    const [section] = readSections(fromText(destination)).sections as readonly [Section]
    const night = (): void => {
      const history = openHistory(context)
      const findings = [...history.findings, ...protectCopies(context, history)]
      const { book: known, sections } = history
      for (const slot of slots) {
        const older = copiesOf(known, slot)
          .flatMap((one) => stand(one, environment.backupDest, sections) ?? [])
          .filter((one) => one.section?.inode !== section.inode)
        const { kind } = planOlder({ state: 'fair', identity: null }, older)
        if (older.length !== 2 || kind !== 'nothing') throw new Error(`${slot} was not left alone`)
      }
      writeBook(fromText(state), known)
      if (findings.length > 0) throw new Error(`there was something to do: ${JSON.stringify(findings[0])}`)
      if (JSON.stringify(known.slots.map(({ copies }) => copies.length)) !== JSON.stringify(slots.map(() => 3)))
        throw new Error('copies were lost')
    }
    const took = Array.from({ length: rounds }, () => {
      const began = performance.now()
      night()
      return performance.now() - began
    })
    const value = median(took)
    const work = 'protect and keep, nothing to do, 50 slots, seconds'
    return { work, shown: `${value.toFixed(0)} ms`, value: value / 1000, limit: 0.5 }
  })
}

/** Makes three sections with a proven copy of every slot in each, and returns the book of them. */
async function makeSet(folder: string, destination: string): Promise<SlotBook> {
  const { emptyBook, withCopy } = await built<typeof bookModule>('lib/keep/book.js')
  const { sectionMark } = await built<typeof markModule>('lib/keep/section-mark.js')
  const { writeSectionFiles } = await built<typeof filesModule>('lib/keep/section-files.js')
  const { finishWork, openWork } = await built<typeof workModule>('lib/keep/work-folder.js')
  const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
  const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
  for (const slot of slots) {
    for (const place of [folder, ...[0, 1, 2].map((number) => join(destination, `Section.${String(number)}`))]) {
      mkdirSync(join(place, slot), { recursive: true })
      writeSparseBundle(join(place, pathOf(slot)), { bands: [{ index: 0, length: 4096 }] })
    }
  }
  const { sections } = readSections(fromText(destination))
  let book: SlotBook = { ...emptyBook, adoptedAt: '2026-01-01T00:00:00Z' }
  for (const section of sections) {
    for (const slot of slots) {
      const image = join(section.path, pathOf(slot))
      const proof = await prove(request(image, image))
      demand(proof)
      const work = openWork(fromText(destination), 'run', slot)
      const label = writeSectionFiles(work, section, labelOf(slot, section.number), proof.manifest)
      finishWork(work, fromText(destination))
      const known: KnownCopy = { label, place: { section: sectionMark(section) } }
      book = withCopy(book, known)
    }
  }
  return { ...book, judgedSection: sectionMark(sections[0] as Section) }
}

const labelOf = (slot: string, number: number): Omit<CopyLabel, 'schema' | 'manifest'> => ({
  slot,
  run: `run-${String(number)}`,
  madeAt: `2026-01-0${String(9 - number)}T00:00:00.000Z`,
  verdict: 'proven',
  reason: 'every byte was compared',
  identity: null,
  user: slot,
  ownerUid: 501,
  path: `/Users/${pathOf(slot)}`,
  copyPath: pathOf(slot),
  container: 'sparse-bundle',
  bytes: 4096,
  members: 8,
  older: false,
})
