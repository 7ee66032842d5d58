import type { ReportedFinding, ReportImage, ReportProof } from '../generated/report.js'
import type { RunImage, RunRecord } from '../generated/run.js'
import type { Structure } from '../image/structure-type.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { differences, differenceText } from '../look/difference.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { judge as verdictOf, type Copy, type Inside, type ProofWords } from '../verify/verdict.js'
import { clearText, namesIn } from './clear-text.js'
import type { LookedAt, SectionLook } from './look-at-section.js'
import { asStaged } from './as-staged.js'
import { isFrozen, readPath, sourceOf } from './recorded.js'
import { noteFindings } from './search-findings.js'
import { unplannedImages } from './unplanned.js'

/** What became of the copies of one run. */
export interface Judged {
  readonly images: readonly ReportImage[]
  readonly findings: readonly ReportedFinding[]
  readonly entries: number
}

/** What comparing the bytes of one copy came to. */
export interface ProvenOrNot {
  readonly words: ProofWords
  readonly reported: ReportProof
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

/** Given an image and its copy as seen, and what comparing them and checking the disk inside came to, return the verdict. */
export function judgeCopy(
  { image, place, source, copy, here, seen }: LookedAt,
  proof?: ProvenOrNot,
  inside?: Inside,
): ReportImage {
  const changed = changedMeanwhile({ image, source })
  const alike = proof !== undefined || source.listing === copy.listing || changed !== false || isMissing(copy)
  const differs = alike ? undefined : here ? howCopyDiffers(image, place) : otherListing
  const frozen = isFrozen(image)
  const judged = verdictOf({
    action: image.decision.action,
    decisionCode: image.decision.code,
    decisionReason: image.decision.reason,
    // What is frozen is in no use, and what happens to its image does not concern it.
    usage: frozen ? 'detached' : image.usage.state,
    changed,
    ...(seen === undefined || frozen ? {} : { seen }),
    sourceErrors: image.findings.filter(({ severity }) => severity === 'error'),
    copy: copyState(copy, isGone(source), differs),
    ...(proof === undefined ? {} : { proof: proof.words }),
    ...(inside === undefined ? {} : { inside }),
  })
  const judgement = asStaged(judged, image, seen)
  return {
    ...common(image),
    ...judgement,
    findings: inside?.state === 'checked' ? [...copy.findings, ...inside.findings] : copy.findings,
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

function sectionFindings({ kind, path }: Section): ReportedFinding[] {
  if (kind === 'folder' || kind === 'file') return []
  const message = `${printable(path)} is no folder but a ${kind === 'link' ? 'symbolic link' : 'special file'}: it holds no backup.`
  const cure = 'Write the real path into backupSource, and remove the link after you have looked where it leads.'
  return [{ code: 'section-is-link', severity: 'error', message, cure }]
}

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
function howCopyDiffers(image: RunImage, place: RawPath): string | undefined {
  const { container } = image
  return differenceText(differences({ path: readPath(image), container }, { path: place, container })) || undefined
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
  waitedFor,
  staged,
}: RunImage): Omit<ReportImage, 'verdict' | 'loudness' | 'reason' | 'findings'> => ({
  slot,
  path,
  user,
  usedBy: usage.usedBy,
  decision,
  bytes,
  members,
  waitedSeconds,
  ...(waitedFor === undefined ? {} : { waitedFor }),
  ...(staged === undefined ? {} : { staged }),
})
