import { OperationalError } from '../finding/operational-error.js'
import type { VerifiedImage, VerifiedInside } from '../generated/verification.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import { isYes, literal } from '../lbackup/configuration.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import { readSections } from '../lbackup/sections.js'
import { lookAtUsage } from '../mount/look.js'
import type { CheckInside } from '../run/check-inside.js'
import { ownerName, userNames } from '../run/owner-name.js'
import { realSource } from '../run/prepare.js'
import { exists, realPath } from '../system/file.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import type { Inside } from '../verify/verdict.js'
import type { Setup } from '../install/setup.js'
import type { Machine } from './machine.js'
import { imageAt, patientWork } from './search.js'

/** One thing to check. `section`: it is the copy in that section; null: it is what was named. */
export interface Target {
  readonly path: RawPath
  readonly section: number | null
  readonly shown: string
  /** The image it is a copy of, or itself, as printable text. */
  readonly named: string
}

/**
 * Given a path as named and, where there is one, an LBackup configuration, return what to check: the path itself and, if
 * it lies in the source, its copy in every section. Of a source on another machine only the copies can be looked at.
 */
export function targetsOf(path: RawPath, machine: Machine | undefined): Target[] {
  const own = { path, section: null, shown: printable(path), named: printable(path) }
  if (machine === undefined) return [own]
  const { configuration } = machine.setup
  const remote = isYes(configuration, 'useSSH') === true
  const written = backupSource(literal(configuration, 'backupSource'))
  const copies = copiesOf(remote ? written : realSource(written), remote ? path : (realPath(path) ?? path), machine)
  return remote && copies.length > 0 && !exists(path) ? copies : [own, ...copies]
}

/** Given the setup, return LBackup's backupDest. Throws OperationalError. */
export const backupDestOf = ({ configuration }: Pick<Setup, 'configuration'>): RawPath =>
  withoutTrailingSlash(literal(configuration, 'backupDest'))

function copiesOf(source: BackupSource, path: RawPath, { setup }: Machine): Target[] {
  return readSections(backupDestOf(setup)).sections.flatMap((section) => {
    const copy = pathInSection(source, path, section.path, section.kind)
    return copy === undefined
      ? []
      : [{ path: copy, section: section.number, shown: printable(copy), named: printable(path) }]
  })
}

/**
 * Given a target, the machine and, where that is asked for, the check of a disk inside, check the target's structure and
 * that. What cannot be read is said, not thrown.
 */
export async function verifyTarget(
  target: Target,
  system: System,
  checkInside: CheckInside | undefined,
): Promise<VerifiedImage> {
  try {
    const found = await imageAt(target.path)
    if (found.image === undefined) return nothing(target, found.why === 'other' ? 'damaged' : found.why, found.message)
    // Nobody uses a copy; on an image, writing explains what would be damage at rest.
    const inUse = target.section === null && (await isInUse(found.image, system))
    const structure = inUse ? await lookInUse(found.image, found.structure) : found.structure
    const inside =
      checkInside &&
      (await insideOf(
        found.image,
        structure,
        { inUse, named: target.named, names: await userNames(system) },
        checkInside,
      ))
    return result(target, found.image, structure, inUse, inside)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return nothing(target, 'unreadable', error.message)
  }
}

async function insideOf(
  image: Image,
  { encryption, counts, findings }: Structure,
  { inUse, named, names }: { inUse: boolean; named: string; names: ReadonlyMap<number, string> },
  checkInside: CheckInside,
): Promise<Inside> {
  const because = inUse
    ? 'it is in use now'
    : findings.some(({ severity }) => severity === 'error')
      ? 'its structure is damaged'
      : undefined
  if (because !== undefined) return { state: 'unchecked', because, failed: true }
  const { path, container } = image
  return checkInside({ path, container, encryption, counts, image: { user: ownerName(image, [], names), path: named } })
}

async function isInUse(image: Image, system: System): Promise<boolean> {
  const usages = await lookAtUsage(system, [image], { excludePids: [process.pid], quietSeconds: 0 })
  const state = usages.get(image.path)?.state
  return state === 'attached' || state === 'in-use-elsewhere' || state === 'changing'
}

async function lookInUse({ path, container }: Image, before: Structure): Promise<Structure> {
  const [structure] = await patientWork.look([{ path, container, inUse: true }])
  return structure ?? before
}

function result(
  target: Target,
  image: Image,
  { findings, counts, encryption }: Structure,
  inUse: boolean,
  inside: Inside | undefined,
): VerifiedImage {
  const all = inside?.state === 'checked' ? [...findings, ...inside.findings] : findings
  const errors = all.filter(({ severity }) => severity === 'error')
  const unread = errors.length > 0 && errors.every(({ code }) => code === 'member-unreadable')
  return {
    path: printable(image.path),
    section: target.section,
    state: errors.length === 0 ? 'complete' : unread ? 'unreadable' : 'damaged',
    container: image.container,
    encryption,
    inUse,
    counts: { members: counts.members, bands: counts.bands, bytes: counts.bytes },
    ...(inside === undefined ? {} : { inside: insideSays(inside) }),
    findings: all,
  }
}

const insideSays = (inside: Inside): VerifiedInside =>
  inside.state === 'checked' ? { checked: true, says: inside.holds } : { checked: false, says: inside.because }

function nothing(target: Target, state: 'absent' | 'damaged' | 'unreadable', message: string): VerifiedImage {
  const code = state === 'absent' ? 'image-missing' : state === 'damaged' ? 'image-unrecognised' : 'member-unreadable'
  // A section made before the image was, or on a night it was left out, rightly has no copy.
  const severity = state === 'absent' && target.section !== null ? 'warning' : 'error'
  return {
    path: target.shown,
    section: target.section,
    state,
    container: null,
    encryption: null,
    inUse: false,
    counts: { members: 0, bands: 0, bytes: 0 },
    findings: [{ code, severity, message }],
  }
}
