import { discover } from '../discover/discover.js'
import { OperationalError } from '../finding/operational-error.js'
import type { AuditSection, AuditSlot } from '../generated/audit.js'
import type { Image } from '../image/image.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { pathInSection, pathInSource } from '../lbackup/path-mapping.js'
import { readSections, type Section } from '../lbackup/sections.js'
import { differences } from '../look/difference.js'
import { differenceText } from '../look/difference-text.js'
import { lookAtStructure } from '../look/structure.js'
import { prove } from '../prove/prove.js'
import { lookAt } from '../system/file.js'
import { printable } from '../text/printable.js'
import { join, relativeTo, type RawPath } from '../text/raw-path.js'
import { wrongWords } from '../verify/proof-words.js'

export interface AuditOrder {
  readonly backupDest: RawPath
  /** LBackup's backupSource as written; undefined: only what the sections themselves tell. */
  readonly source: RawPath | undefined
  /** Compare the newest copies with their images byte for byte. */
  readonly read: boolean
  readonly progress: (what: string) => void
}

interface Found {
  readonly section: Section
  readonly image: Image
}

/**
 * Given a set of sections, also one that LBackup made without us, return of each image in it which sections hold a
 * complete copy and, where the source is named, how the newest copy differs from it: bands that LBackup took for
 * unchanged among them. Nothing is written. Throws OperationalError where there is no set.
 */
export async function audit(order: AuditOrder): Promise<AuditSlot[]> {
  const { sections } = readSections(order.backupDest)
  if (sections.length === 0) {
    throw new OperationalError(
      'no-sections',
      `${printable(order.backupDest)} holds no Section.N.`,
      "Name LBackup's backupDest.",
    )
  }
  const source = order.source === undefined ? undefined : backupSource(order.source)
  const slots = new Map<string, Found[]>()
  for (const section of sections) {
    order.progress(`searching Section.${String(section.number)}`)
    for (const image of imagesIn(section, source)) {
      slots.set(image.slot, [...(slots.get(image.slot) ?? []), { section, image }])
    }
  }
  const audited: AuditSlot[] = []
  for (const [slot, found] of [...slots].sort(([one], [other]) => (one < other ? -1 : 1))) {
    order.progress(`looking at ${slot}`)
    audited.push(await auditSlot(slot, found, sections, source, order.read))
  }
  return audited
}

function imagesIn({ path, kind }: Section, source: BackupSource | undefined): readonly Image[] {
  if (kind === 'link' || kind === 'other') return []
  return discover({
    roots: [path],
    source: source === undefined ? path : (pathInSection(source, source.path, path, kind) ?? path),
    never: [join(path, '.lbackup-filevault')],
    everyFile: false,
    knownPaths: [],
    maxDepth: 4096,
    maxEntries: Number.MAX_SAFE_INTEGER,
    crossDevices: false,
  }).images
}

async function auditSlot(
  slot: string,
  found: readonly Found[],
  sections: readonly Section[],
  source: BackupSource | undefined,
  read: boolean,
): Promise<AuditSlot> {
  const states = sections.map((section): AuditSection =>
    stateIn(
      section,
      found.find((one) => one.section === section),
    ),
  )
  const [newest] = found as [Found, ...Found[]]
  const original = originalOf(newest, source)
  const compared = original === undefined ? undefined : await compare(newest, original, read)
  return {
    slot,
    path: printable(original ?? relativeTo(newest.image.path, newest.section.path)),
    sections: states,
    newestComplete: states.find(({ state }) => state === 'complete')?.section ?? null,
    compared: compared ?? null,
  }
}

function originalOf({ section, image }: Found, source: BackupSource | undefined): RawPath | undefined {
  if (source === undefined) return undefined
  const path = pathInSource(source, image.path, section.path, section.kind)
  return path === undefined || lookAt(path) === undefined ? undefined : path
}

function stateIn(section: Section, found: Found | undefined): AuditSection {
  const born = lookAt(section.path)?.birthtimeMs ?? 0
  const common = { section: section.number, madeAt: born > 0 ? new Date(Math.floor(born)).toISOString() : null }
  if (found === undefined) return { ...common, state: 'absent', why: null, bytes: 0 }
  const { image } = found
  const { findings, counts } = lookAtStructure(image, { inUse: false, linksAreNews: false })
  const errors = findings.filter(({ severity }) => severity === 'error')
  const [worst] = errors
  if (image.recognised && worst === undefined) return { ...common, state: 'complete', why: null, bytes: counts.bytes }
  const more = errors.length > 1 ? ` (and ${String(errors.length - 1)} more)` : ''
  const why = `${worst?.message.replace(/\.$/, '') ?? 'its content is no image'}${more}`
  return { ...common, state: 'incomplete', why, bytes: counts.bytes }
}

type Compared = NonNullable<AuditSlot['compared']>

/** By stat: names, sizes and times. With `read` every byte; what is still being written is not held against the copy. */
async function compare({ section, image }: Found, original: RawPath, read: boolean): Promise<Compared> {
  const { container } = image
  if (!read) {
    const found = differences({ path: original, container }, { path: image.path, container })
    const missed = found.find(({ kind }) => kind === 'missed-change')
    const text = found.length === 0 ? 'names, sizes and times are those of the image' : differenceText(found)
    return { section: section.number, read: false, equal: null, missed: missed?.count ?? 0, text }
  }
  const proof = await prove({
    source: original,
    copy: image.path,
    container,
    lookedBefore: 0,
    copiedBefore: lookAt(section.path)?.ctimeMs ?? 0,
    still: true,
    trusted: [],
    granularity: 1000,
    deadline: Infinity,
  })
  const missed = proof.wrong.find(({ kind }) => kind === 'missed-change')?.count ?? 0
  const changed = proof.movedOn > 0 ? `${String(proof.movedOn)} members of the image changed after the copy` : undefined
  const wrong = proof.wrong.length > 0 ? wrongWords(proof.wrong) : undefined
  const said = [wrong, changed, proof.because].filter((text) => text !== undefined)
  return {
    section: section.number,
    read: true,
    equal: proof.result === 'proven' ? true : proof.result === 'wrong' ? false : null,
    missed,
    text: said.length === 0 ? 'every byte equals the image' : said.join('; '),
  }
}
