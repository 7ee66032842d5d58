import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunImage, RunRecord } from '../generated/run.js'
import type { Structure } from '../image/structure-type.js'
import type { SearchOptions } from '../discover/discovery.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { fromPrintable, printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { judge as verdictOf, type Copy } from '../verify/verdict.js'
import { differences, differenceText } from '../look/difference.js'
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

/**
 * Given the record of a run and the section it made, look at the sources and their copies again and return a verdict for
 * each image of the plan, for each image in the section that no plan names, and what clear text lies at FileVault homes.
 */
export async function judgeSection(record: RunRecord, section: Section, work: Work): Promise<Judged> {
  const copied = record.images.filter(isCopied)
  const sources = await work.look(
    copied.map(({ path, container, usage }) => ({
      path: fromPrintable(path),
      container,
      inUse: usage.state !== 'detached',
    })),
  )
  const { discovery, looks } = await work.search(searchOf(section, record))
  const found = new Map(discovery.images.map((image, index) => [image.path, looks[index] as Structure]))
  // What the search did not find is looked at all the same: the look tells why.
  const sought = copied.filter((image) => !found.has(copyOf(image, section)))
  const others = await work.look(
    sought.map((image) => ({ path: copyOf(image, section), container: image.container, inUse: false, copy: true })),
  )
  sought.forEach((image, index) => found.set(copyOf(image, section), others[index] as Structure))
  const images = record.images.map((image) => {
    const index = copied.indexOf(image)
    return index < 0
      ? notCopied(image, contentsOf(image, record, section))
      : judged(image, section, sources[index] as Structure, found.get(copyOf(image, section)) as Structure)
  })
  const planned = new Set(copied.map((image) => copyOf(image, section)))
  return {
    images: [...images, ...unplannedImages(discovery, found, planned, record, section)],
    findings: [
      ...sectionFindings(section),
      ...noteFindings(discovery),
      ...clearText(record, section, discovery.images),
    ],
    entries: discovery.counts.entries,
  }
}

const isCopied = ({ decision: { action }, copyPath }: RunImage): boolean =>
  copyPath !== null && (action === 'copy' || action === 'copy-and-prove')

/** A source that is one file becomes the section itself. */
const copyOf = ({ copyPath }: RunImage, { path, kind }: Pick<Section, 'path' | 'kind'>): RawPath =>
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
  knownPaths: record.images.filter(isCopied).map((image) => copyOf(image, { path, kind })),
  maxDepth: 4096,
  maxEntries: Number.MAX_SAFE_INTEGER,
  crossDevices: false,
})

function notCopied(image: RunImage, copy: Copy): ReportImage {
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

function judged(image: RunImage, section: Section, source: Structure, copy: Structure): ReportImage {
  const gone = source.findings.some(({ code }) => code === 'image-missing' || code === 'image-swapped')
  const unseen = gone || isUnreadable(source)
  const changed = unseen ? undefined : source.fingerprint !== image.fingerprint
  const alike = source.listing === copy.listing || changed !== false || isMissing(copy)
  const differs = alike ? undefined : howCopyDiffers(image, section)
  const judgement = verdictOf({
    action: image.decision.action,
    decisionCode: image.decision.code,
    decisionReason: image.decision.reason,
    usage: image.usage.state,
    changed,
    sourceErrors: image.findings.filter(({ severity }) => severity === 'error'),
    copy: copyState(copy, gone, differs),
  })
  return {
    ...common(image),
    ...judgement,
    findings: copy.findings,
    bytes: copy.counts.bytes,
    members: copy.counts.members,
  }
}

const isMissing = ({ findings }: Pick<Structure, 'findings'>): boolean =>
  findings.some(({ code }) => code === 'image-missing')

const isUnreadable = ({ findings, counts }: Structure): boolean =>
  counts.members === 0 && findings.some(({ code }) => code === 'member-unreadable')

/** Undefined where a second look finds them alike: something was put right meanwhile, or a time was only rounded. */
function howCopyDiffers(image: RunImage, section: Section): string | undefined {
  const { container } = image
  const source = { path: fromPrintable(image.path), container }
  return differenceText(differences(source, { path: copyOf(image, section), container })) || undefined
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
