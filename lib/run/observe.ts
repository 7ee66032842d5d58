import type { SearchOptions } from '../discover/discovery.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { transferPath } from '../lbackup/path-mapping.js'
import type { Usage } from '../mount/usage.js'
import { withSessions } from '../session/logged-in.js'
import { pause } from '../system/clock.js'
import type { RawPath } from '../text/raw-path.js'
import type { Observation, Observed } from './observed.js'
import { ownerName } from './owner-name.js'
import type { SourceMachine } from './source-machine.js'
import { stagedPath } from './origin.js'
import { liesIn } from './wishes.js'
import type { Work } from './work.js'

export interface ObserveRequest {
  readonly search: SearchOptions
  readonly source: BackupSource
  /** Seconds between the two looks; 0: only one look. */
  readonly quietSeconds: number
  /** rsync reads the images in the staging folder, which is the source. */
  readonly staging?: boolean
}

/**
 * Given where to look, search, look at each image twice and then at what uses it. The second look is the later truth:
 * its fingerprint is the one that the post hook compares with. Nothing is waited for where there is no image.
 */
export async function observe(machine: SourceMachine, request: ObserveRequest): Promise<Observation> {
  const { discovery, looks: first } = await machine.search(request.search)
  const { images } = discovery
  const { accounts, problems } = await machine.accounts(images)
  const second = await lookAgain(machine, images, first, request)
  const { usages, attached } = await machine.uses(
    images.map((image, index) => ({ ...image, ...twoLooks(first[index], second[index], request.quietSeconds) })),
    request.quietSeconds,
  )
  const shared = {
    accounts,
    discovery,
    volumes: attached.volumes.map(({ mountPoint }) => mountPoint),
    problems: [...problems, ...attached.problems],
  }
  if (images.length === 0) return { ...shared, images: [] }
  const names = await machine.userNames()
  const sessions = await machine.sessions()
  const usageOf = ({ path }: Image): Usage => {
    const account = accounts.find((one) => liesIn(one, path))
    return withSessions(usages.get(path) ?? notFoundOut, account, sessions.sessions)
  }
  const structures = await lookInUse(images, second, usageOf, machine)
  const observed: Observed[] = images.map((image, index) => {
    const stagedAt = request.staging === true ? stagedPath(request.source, image) : undefined
    return {
      image,
      structure: structures[index] as Structure,
      usage: usageOf(image),
      user: ownerName(image, accounts, names),
      copyPath: transferPath(request.source, stagedAt ?? image.path)?.slice(1) as RawPath | undefined,
      ...(stagedAt === undefined ? {} : { stagedAt }),
    }
  })
  return { ...shared, images: observed, problems: [...shared.problems, ...sessions.problems] }
}

const notFoundOut: Usage = { state: 'unknown', evidence: ['it was not looked at'], usedBy: [], mountPoints: [] }

async function lookAgain(
  work: Work,
  images: readonly Image[],
  first: readonly Structure[],
  { quietSeconds }: ObserveRequest,
): Promise<readonly Structure[]> {
  if (quietSeconds === 0 || images.length === 0) return first
  await pause(quietSeconds)
  return work.look(images.map(({ path, container }) => ({ path, container, inUse: false })))
}

/** What is an error on an image at rest may be a passing state of one in use: such an image is judged as in use. */
async function lookInUse(
  images: readonly Image[],
  structures: readonly Structure[],
  usageOf: (image: Image) => Usage,
  work: Work,
): Promise<readonly Structure[]> {
  const doubtful = images.filter((image, index) => {
    const inUse = usageOf(image).state !== 'detached' && usageOf(image).state !== 'unknown'
    return inUse && structures[index]?.findings.some(({ severity }) => severity === 'error') === true
  })
  if (doubtful.length === 0) return structures
  const again = await work.look(doubtful.map(({ path, container }) => ({ path, container, inUse: true })))
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
