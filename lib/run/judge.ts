import type { SearchOptions } from '../discover/discovery.js'
import type { Discovery } from '../discover/discovery.js'
import type { ReportedFinding, ReportImage, ReportProof } from '../generated/report.js'
import type { RunImage, RunRecord } from '../generated/run.js'
import type { Structure } from '../image/structure-type.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { differences, differenceText } from '../look/difference.js'
import { fromPrintable, printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { judge as verdictOf, type Copy, type ProofWords } from '../verify/verdict.js'
import { clearText, namesIn } from './clear-text.js'
import { sourceOf } from './recorded.js'
import { noteFindings } from './search-findings.js'
import { unplannedImages } from './unplanned.js'
import type { Work } from './work.js'

/** What became of the copies of one run. */
export interface Judged {
  readonly images: readonly ReportImage[]
  readonly findings: readonly ReportedFinding[]
  readonly entries: number
}

/** One image of the plan that was to be copied, with what it and its copy look like after the run. */
export interface LookedAt {
  readonly image: RunImage
  /** Where the copy is, or belongs. */
  readonly place: RawPath
  readonly source: Structure
  readonly copy: Structure
  /** The image lies on this machine. */
  readonly here: boolean
  /** What was seen to happen to the image while rsync ran, half a sentence. */
  readonly seen?: string
}

/** Everything in a section that is judged, before any byte was compared. */
export interface SectionLook {
  readonly section: Section
  readonly record: RunRecord
  readonly copies: readonly LookedAt[]
  readonly discovery: Discovery
  /** By path, each image in the section. */
  readonly structures: ReadonlyMap<RawPath, Structure>
}

/** What comparing the bytes of one copy came to. */
export interface ProvenOrNot {
  readonly words: ProofWords
  readonly reported: ReportProof
}

/** Ways to look at files here and at the images of the source, and by slot what was seen while rsync ran. */
interface Looking {
  readonly here: Work
  readonly there: Pick<Work, 'look'>
  readonly seen: ReadonlyMap<string, string>
}

/**
 * Given the record of a run, the section it made and ways to look at files here and at the images of the source, look at
 * the sources and their copies again, without reading bands.
 */
export async function lookAtSection(
  record: RunRecord,
  section: Section,
  { here: work, there, seen }: Looking,
): Promise<SectionLook> {
  const copied = record.images.filter(isCopied)
  const sources = await there.look(
    copied.map(({ path, container, usage }) => ({
      path: fromPrintable(path),
      container,
      inUse: usage.state !== 'detached',
    })),
  )
  const { discovery, looks } = await work.search(searchOf(section, record))
  const structures = new Map(discovery.images.map((image, index) => [image.path, looks[index] as Structure]))
  // What the search did not find is looked at all the same: the look tells why.
  const sought = copied.filter((image) => !structures.has(placeIn(section, image)))
  const others = await work.look(
    sought.map((image) => ({ path: placeIn(section, image), container: image.container, inUse: false, copy: true })),
  )
  sought.forEach((image, index) => structures.set(placeIn(section, image), others[index] as Structure))
  const copies = copied.map((image, index) => {
    const place = placeIn(section, image)
    const looks = { source: sources[index] as Structure, copy: structures.get(place) as Structure }
    const words = seen.get(image.slot)
    return { image, place, ...looks, here: !record.useSSH, ...(words === undefined ? {} : { seen: words }) }
  })
  return { section, record, copies, discovery, structures }
}

/**
 * Given what was seen and, by slot, the images whose verdict is known, return a verdict for each image of the plan, for
 * each image in the section that no plan names, and what clear text lies at FileVault homes.
 */
export function judgeSection(look: SectionLook, settled: ReadonlyMap<string, ReportImage> = new Map()): Judged {
  const { section, record, copies, discovery, structures } = look
  const images = record.images.map((image) => {
    const looked = copies.find((copy) => copy.image === image)
    const judged = settled.get(image.slot)
    if (judged !== undefined) return judged
    return looked === undefined ? judgeNotCopied(image, look) : judgeCopy(looked)
  })
  const planned = new Set(copies.map(({ place }) => place))
  return {
    images: [...images, ...unplannedImages(discovery, structures, planned, record, section)],
    findings: [
      ...sectionFindings(section),
      ...noteFindings(discovery),
      ...clearText(record, section, discovery.images),
    ],
    entries: discovery.counts.entries,
  }
}

/** Given an image and its copy as seen, and what comparing them came to, return the verdict. */
export function judgeCopy({ image, place, source, copy, here, seen }: LookedAt, proof?: ProvenOrNot): ReportImage {
  const changed = changedMeanwhile({ image, source })
  const alike = proof !== undefined || source.listing === copy.listing || changed !== false || isMissing(copy)
  const differs = alike ? undefined : here ? howCopyDiffers(image, place) : otherListing
  const judgement = verdictOf({
    action: image.decision.action,
    decisionCode: image.decision.code,
    decisionReason: image.decision.reason,
    usage: image.usage.state,
    changed,
    ...(seen === undefined ? {} : { seen }),
    sourceErrors: image.findings.filter(({ severity }) => severity === 'error'),
    copy: copyState(copy, isGone(source), differs),
    ...(proof === undefined ? {} : { proof: proof.words }),
  })
  return {
    ...common(image),
    ...judgement,
    findings: copy.findings,
    bytes: copy.counts.bytes,
    members: copy.counts.members,
    ...(proof === undefined ? {} : { proof: proof.reported }),
  }
}

/** Tell whether the image changed between the end of the pre hook and now; undefined: it cannot be looked at any more. */
export function changedMeanwhile({ image, source }: Pick<LookedAt, 'image' | 'source'>): boolean | undefined {
  return isGone(source) || isUnreadable(source) ? undefined : source.fingerprint !== image.fingerprint
}

/** Tell whether there is a copy whose bytes can be compared at all. */
export const isComparable = ({ copy }: Pick<LookedAt, 'copy'>): boolean => !isMissing(copy) && !isUnreadable(copy)

export const isMissing = ({ findings }: Pick<Structure, 'findings'>): boolean =>
  findings.some(({ code }) => code === 'image-missing')

const isGone = ({ findings }: Structure): boolean =>
  findings.some(({ code }) => code === 'image-missing' || code === 'image-swapped')

const isUnreadable = ({ findings, counts }: Structure): boolean =>
  counts.members === 0 && findings.some(({ code }) => code === 'member-unreadable')

const isCopied = ({ decision: { action }, copyPath }: RunImage): boolean =>
  copyPath !== null && (action === 'copy' || action === 'copy-and-prove')

/** Given a section and an image of the plan, return where its copy belongs. A source that is one file becomes the section itself. */
export const placeIn = ({ path, kind }: Pick<Section, 'path' | 'kind'>, { copyPath }: RunImage): RawPath =>
  kind === 'folder' ? join(path, fromPrintable(copyPath ?? '')) : path

function sectionFindings({ kind, path }: Section): ReportedFinding[] {
  if (kind === 'folder' || kind === 'file') return []
  const message = `${printable(path)} is no folder but a ${kind === 'link' ? 'symbolic link' : 'special file'}: it holds no backup.`
  const cure = 'Write the real path into backupSource, and remove the link after you have looked where it leads.'
  return [{ code: 'section-is-link', severity: 'error', message, cure }]
}

/** The copy is searched without mercy: it holds what users wrote, links and all, and no mounts. */
const searchOf = ({ path, kind }: Section, record: RunRecord): SearchOptions => ({
  roots: [path],
  // Slots are relative to the source, so that a copy has the slot of its image.
  source: pathInSection(sourceOf(record), fromPrintable(record.source), path, kind) ?? path,
  never: [join(path, '.lbackup-filevault')],
  everyFile: record.everyFile,
  knownPaths: record.images.filter(isCopied).map((image) => placeIn({ path, kind }, image)),
  maxDepth: 4096,
  maxEntries: Number.MAX_SAFE_INTEGER,
  crossDevices: false,
})

/** Given an image of the plan that was not to be copied, return its verdict. */
export function judgeNotCopied(
  image: RunImage,
  { record, section }: Pick<SectionLook, 'record' | 'section'>,
): ReportImage {
  const copy = contentsOf(image, record, section)
  const judgement = verdictOf({
    action: image.decision.action,
    decisionCode: image.decision.code,
    decisionReason: image.decision.reason,
    usage: image.usage.state,
    changed: undefined,
    sourceErrors: [],
    copy,
  })
  return { ...common(image), ...judgement, findings: image.findings }
}

/** Whether the files of a mounted volume, wanted instead of its image, are in the section. */
function contentsOf({ usage }: RunImage, record: RunRecord, section: Section): Copy {
  const places = usage.mountPoints.flatMap((point) => {
    return pathInSection(sourceOf(record), fromPrintable(point), section.path, section.kind) ?? []
  })
  if (places.some((place) => namesIn(place).length > 0)) return { state: 'looked-at', errors: [] }
  return { state: 'absent', because: 'the mounted volume is not in the backup, or was no longer mounted' }
}

const otherListing = 'its members differ from those of the image in name, size or time'

/** Undefined where a second look finds them alike: something was put right meanwhile, or a time was only rounded. */
function howCopyDiffers({ path, container }: RunImage, place: RawPath): string | undefined {
  return differenceText(differences({ path: fromPrintable(path), container }, { path: place, container })) || undefined
}

function copyState(copy: Structure, sourceGone: boolean, differs: string | undefined): Copy {
  const errors = copy.findings.filter(({ severity }) => severity === 'error')
  if (isUnreadable(copy)) return { state: 'unreadable', because: errors[0]?.message.replace(/\.$/, '') ?? '' }
  if (!isMissing(copy)) return { state: 'looked-at', errors, ...(differs === undefined ? {} : { differs }) }
  const because = sourceGone
    ? 'the image left its place during the run, as it does when its user logs in or out'
    : "rsync did not copy it; LBackup's log tells why"
  return { state: 'absent', because }
}

const common = ({
  slot,
  path,
  user,
  usage,
  decision,
  bytes,
  members,
  waitedSeconds,
}: RunImage): Omit<ReportImage, 'verdict' | 'loudness' | 'reason' | 'findings'> => ({
  slot,
  path,
  user,
  usedBy: usage.usedBy,
  decision,
  bytes,
  members,
  waitedSeconds,
})
