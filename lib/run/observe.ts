import type { Discovery, SearchOptions } from '../discover/discovery.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { transferPath } from '../lbackup/path-mapping.js'
import { lookAtUsage } from '../mount/look.js'
import type { Usage } from '../mount/usage.js'
import { lookAtAccounts } from '../session/accounts.js'
import type { FileVaultAccount } from '../session/session.js'
import { pause } from '../system/clock.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { ownerName, userNames } from './owner-name.js'
import { look, search } from './work.js'

/** One image with everything seen of it. */
export interface Observed {
  readonly image: Image
  readonly structure: Structure
  readonly usage: Usage
  /** Its FileVault account, else its owner. */
  readonly user: string
  /** Its place in a section, relative to it; undefined: it lies outside the backup's source. */
  readonly copyPath: RawPath | undefined
}

export interface Observation {
  readonly images: readonly Observed[]
  readonly accounts: readonly FileVaultAccount[]
  readonly discovery: Discovery
  /** What could not be found out, a sentence each. */
  readonly problems: readonly string[]
}

export interface ObserveRequest {
  readonly search: SearchOptions
  readonly source: BackupSource
  /** Seconds between the two looks; 0: only one look. */
  readonly quietSeconds: number
  /** For each of the long steps. */
  readonly timeoutSeconds: number
  /** Processes whose descriptors do not count: ourselves, LBackup and its rsync, with all below them. */
  readonly excludePids: readonly number[]
}

/**
 * Given where to look, search, look at each image twice and then at what uses it. The second look is the later truth:
 * its fingerprint is the one that the post hook compares with. Nothing is waited for where there is no image.
 */
export async function observe(system: System, request: ObserveRequest): Promise<Observation> {
  const { discovery, looks: first } = await search(request.search, request.timeoutSeconds)
  const { images } = discovery
  const { accounts, problems } = await lookAtAccounts(system, images)
  if (images.length === 0) return { images: [], accounts, discovery, problems }
  const second = await lookAgain(images, first, request)
  const usages = await lookAtUsage(
    system,
    images.map((image, index) => ({ ...image, ...twoLooks(first[index], second[index], request.quietSeconds) })),
    { excludePids: request.excludePids, quietSeconds: request.quietSeconds },
  )
  const names = await userNames(system)
  const usageOf = ({ path }: Image): Usage => usages.get(path) ?? notFoundOut
  const structures = await lookInUse(images, second, usageOf, request.timeoutSeconds)
  const observed = images.map((image, index) => ({
    image,
    structure: structures[index] as Structure,
    usage: usageOf(image),
    user: ownerName(image, accounts, names),
    copyPath: transferPath(request.source, image.path)?.slice(1) as RawPath | undefined,
  }))
  return { images: observed, accounts, discovery, problems }
}

const notFoundOut: Usage = { state: 'unknown', evidence: ['it was not looked at'], usedBy: [], mountPoints: [] }

async function lookAgain(
  images: readonly Image[],
  first: readonly Structure[],
  { quietSeconds, timeoutSeconds }: ObserveRequest,
): Promise<readonly Structure[]> {
  if (quietSeconds === 0) return first
  await pause(quietSeconds)
  return look(
    images.map(({ path, container }) => ({ path, container, inUse: false })),
    timeoutSeconds,
  )
}

/** What is an error on an image at rest may be a passing state of one in use: such an image is judged as in use. */
async function lookInUse(
  images: readonly Image[],
  structures: readonly Structure[],
  usageOf: (image: Image) => Usage,
  timeoutSeconds: number,
): Promise<readonly Structure[]> {
  const doubtful = images.filter((image, index) => {
    const inUse = usageOf(image).state !== 'detached' && usageOf(image).state !== 'unknown'
    return inUse && structures[index]?.findings.some(({ severity }) => severity === 'error') === true
  })
  const again = await look(
    doubtful.map(({ path, container }) => ({ path, container, inUse: true })),
    timeoutSeconds,
  )
  return images.map((image, index) => again[doubtful.indexOf(image)] ?? (structures[index] as Structure))
}

function twoLooks(
  first: Structure | undefined,
  second: Structure | undefined,
  secondsApart: number,
): { looks?: { first: string; second: string; secondsApart: number } } {
  if (first === undefined || second === undefined || secondsApart === 0) return {}
  return { looks: { first: first.fingerprint, second: second.fingerprint, secondsApart } }
}
