import { OperationalError } from '../finding/operational-error.js'
import type { Image } from '../image/image.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import type { Section } from '../lbackup/sections.js'
import { inWorker } from '../system/worker.js'
import type { SectionImages, SectionsSearch } from './search.js'

/** A copy of an image, as a search of its section found it. */
export interface FoundCopy {
  readonly section: Section
  readonly image: Image
}

/** What a search of all sections found. */
export interface FoundCopies {
  /** Of each slot the copies, newest first. */
  readonly slots: ReadonlyMap<string, readonly FoundCopy[]>
  /** Sentences on what could not be looked into, the first of them, and how many more there are. */
  readonly unsearched: readonly string[]
}

const patienceSeconds = 24 * 3600
const mostSentences = 10

/** Given sections, newest first, search each. What a disk refuses is told, not thrown. */
export async function findCopies(sections: readonly Section[], source: BackupSource | undefined): Promise<FoundCopies> {
  const slots = new Map<string, FoundCopy[]>()
  const unsearched: string[] = []
  const results = await searchAll(sections, source)
  sections.forEach((section, at) => {
    const { images, unsearched: places } = results[at] as SectionImages
    unsearched.push(...places.map(({ message }) => message))
    for (const image of images) {
      const known = slots.get(image.slot)
      if (known === undefined) slots.set(image.slot, [{ section, image }])
      else known.push({ section, image })
    }
  })
  const more = unsearched.length - mostSentences
  const rest = more > 0 ? [`There are ${String(more)} more such places.`] : []
  return { slots, unsearched: [...unsearched.slice(0, mostSentences), ...rest] }
}

/** In one thread; where that is too much for it, each section in its own, so that one cannot hide the others. */
async function searchAll(sections: readonly Section[], source: BackupSource | undefined): Promise<SectionImages[]> {
  try {
    return await search({ sections, source }, 'the search of the sections')
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
  const results: SectionImages[] = []
  for (const section of sections) results.push(await searchOne(section, source))
  return results
}

async function searchOne(section: Section, source: BackupSource | undefined): Promise<SectionImages> {
  try {
    const found = await search({ sections: [section], source }, `the search of Section.${String(section.number)}`)
    return found[0] as SectionImages
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { images: [], unsearched: [{ code: 'unreadable', path: section.path, message: error.message }] }
  }
}

const search = (order: SectionsSearch, what: string): Promise<SectionImages[]> =>
  inWorker(new URL('./search.js', import.meta.url), 'searchSections', order, { timeoutSeconds: patienceSeconds, what })
