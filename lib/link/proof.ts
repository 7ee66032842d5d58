import type { Buffer } from 'node:buffer'
import type { System } from '../system/system.js'
import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { relativeTo, type RawPath } from '../text/raw-path.js'
import { stripBlock } from './block.js'
import type { ExcludesPlan, ExcludesWish } from './excludes-type.js'
import { transferRoot } from './pattern.js'
import { probesOf, type Probe } from './probes.js'
import { rsyncCopies } from './skeleton.js'

/** What the administrator's own lines leave out. */
export interface AdministratorLook {
  /** Images of which something is left out, by their path in the source. */
  readonly images: ReadonlyMap<RawPath, LeftOutImage>
  /** Every path tried, in the source, and whether his lines let it through. */
  readonly tried: ReadonlyMap<RawPath, boolean>
}

export interface LeftOutImage {
  /** The image as a whole; otherwise `members` (relative) of it. */
  readonly whole: boolean
  readonly members: readonly RawPath[]
}

/**
 * Given the source, the excludes file's bytes and wishes that name every image, home and mount point of interest (only
 * their paths count, not what is wished), return what the administrator's own lines leave out. Runs rsync once.
 */
export async function excludedByAdministrator(
  system: System,
  request: { source: RawPath; realSource?: RawPath; wishes: readonly ExcludesWish[]; excludes: Buffer },
): Promise<AdministratorLook> {
  const probes = probesOf(transferRoot(request.source, request.realSource), request.wishes)
  const copied = await rsyncCopies(system, probes, stripBlock(request.excludes))
  const images = new Map<RawPath, LeftOutImage>()
  for (const [image, members] of missingByImage(probes, copied)) {
    const whole = members.includes('' as RawPath)
    images.set(image, { whole, members: whole ? [] : members })
  }
  return { images, tried: new Map(probes.map(({ path, seen }) => [path, copied.has(seen)])) }
}

/**
 * Given the plan, the excludes file's bytes with the block in it and, where there is one, the look at the administrator's
 * own lines, return each way in which rsync would not do what the plan says, as a sentence; none: proven. What his
 * lines alone leave out of an image does not count. Runs rsync once.
 */
export async function proveBlock(
  system: System,
  request: { plan: ExcludesPlan; excludes: Buffer; administrator?: AdministratorLook },
): Promise<string[]> {
  const { plan, administrator } = request
  const probes = probesOf(rootOf(plan), plan.wishes)
  const copied = await rsyncCopies(system, probes, request.excludes)
  const wrong = probes.filter(({ seen, wanted }) => wanted !== copied.has(seen))
  const surplus = wrong.filter(({ wanted }) => !wanted)
  const bystanders = wrong.filter((probe) => {
    return probe.wanted && probe.image === undefined && administrator?.tried.get(probe.path) === true
  })
  return [
    ...outermost(surplus).map(({ path }) => `rsync would copy ${printable(path)}, which the plan leaves out.`),
    ...[...missingByImage(wrong, copied)]
      .filter(([image, members]) => !isAdministrators(administrator?.images.get(image), members))
      .map(([image, members]) => missingSentence(image, members, administrator)),
    ...bystanders.map(({ path }) => `rsync would leave out ${printable(path)}, of which the plan says nothing.`),
  ]
}

const rootOf = (plan: ExcludesPlan): ReturnType<typeof transferRoot> => transferRoot(plan.source, plan.folder)

/** He is warned of such lines, and the copy is judged for what it is; they are no fault of the block. */
const isAdministrators = (leftOut: LeftOutImage | undefined, members: readonly RawPath[]): boolean =>
  leftOut?.whole === false && members.every((member) => leftOut.members.includes(member))

/** Members that are not copied, by image and relative to it; the empty path stands for the image itself. */
function missingByImage(probes: readonly Probe[], copied: ReadonlySet<RawPath>): Map<RawPath, RawPath[]> {
  const missing = new Map<RawPath, RawPath[]>()
  for (const { seen, path, image } of probes) {
    if (image === undefined || copied.has(seen)) continue
    missing.set(image, [...(missing.get(image) ?? []), relativeTo(path, image)])
  }
  return missing
}

function missingSentence(image: RawPath, members: readonly RawPath[], administrator?: AdministratorLook): string {
  const what = members.includes('' as RawPath)
    ? `the image ${printable(image)}`
    : `${list(members.map(printable))} of the image ${printable(image)}`
  const whose = administrator?.images.has(image) === true ? "; LBackup's excludes file itself says so" : ''
  return `rsync would leave out ${what}, which the plan copies${whose}.`
}

/** Without what lies in something else of the list. */
function outermost(probes: readonly Probe[]): Probe[] {
  const paths = probes.map(({ path }) => `${path}/`)
  return probes.filter(({ path }) => !paths.some((other) => other !== `${path}/` && `${path}/`.startsWith(other)))
}
