import type { ExcludesWish } from '../link/excludes-type.js'
import type { Decision } from '../policy/policy-type.js'
import type { FileVaultAccount } from '../session/session.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { readAt, type Observed } from './observed.js'

/**
 * Given what was observed and decided, and where volumes of images are mounted, return what rsync is to see. An
 * account gets rules whatever its state is now: it may log in at any moment of the run.
 */
export function wishes(
  observed: readonly Observed[],
  decisions: ReadonlyMap<RawPath, Decision>,
  accounts: readonly FileVaultAccount[],
  volumes: readonly RawPath[],
): ExcludesWish[] {
  const inHome = new Set<RawPath>()
  const homes = accounts.map((account) => {
    const image = observed.find(({ image: { path } }) => liesIn(account, path))
    if (image !== undefined) inHome.add(image.image.path)
    return homeWish(account, image, image && decisions.get(image.image.path))
  })
  return [
    ...homes,
    ...observed
      .filter(({ image }) => !inHome.has(image.path))
      .flatMap((item) => imageWish(item, decisions.get(item.image.path))),
    ...observed.flatMap((item) => mountWishes(item, decisions.get(item.image.path))),
    // Of an image that lies elsewhere, perhaps on another machine: its files are not what the source is backed up for.
    ...volumes
      .filter((path) => !observed.some(({ usage }) => usage.mountPoints.includes(path)))
      .map((path) => ({ kind: 'mount-point' as const, path, copy: false })),
  ]
}

/** Given an account and an image's path, tell whether it is the account's image, in whichever of its two places. */
export function liesIn(account: FileVaultAccount, path: RawPath): boolean {
  const folder = parent(path)
  return baseName(path) === account.imageName && (folder === account.home || folder === account.hiddenHome)
}

function homeWish(account: FileVaultAccount, item: Observed | undefined, decision: Decision | undefined): ExcludesWish {
  const { home, hiddenHome, imageName } = account
  return {
    kind: 'filevault-home',
    home,
    hiddenHome,
    imageName,
    container: item?.image.container ?? 'sparse-bundle',
    lies: item !== undefined && parent(item.image.path) === hiddenHome ? 'hidden-home' : 'home',
    copy: wanted(decision),
  }
}

function wanted(decision: Decision | undefined): 'image' | 'contents' | 'nothing' {
  if (decision?.action === 'contents') return 'contents'
  return decision?.action === 'copy' || decision?.action === 'copy-and-prove' ? 'image' : 'nothing'
}

/** Given what was observed, return wishes that name every image and home, whatever becomes of them. */
export function places(observed: readonly Observed[], accounts: readonly FileVaultAccount[]): ExcludesWish[] {
  return [
    ...accounts.map((account) => {
      const image = observed.find(({ image: { path } }) => liesIn(account, path))
      return homeWish(account, image, undefined)
    }),
    ...observed
      .filter(({ image }) => !accounts.some((account) => liesIn(account, image.path)))
      .map(({ image: { path, container } }) => ({ kind: 'copy-image' as const, path, container })),
  ]
}

/** Given an image of the plan and its decision, return what rsync is to see of it. */
export function imageWish(item: Observed, decision: Decision | undefined): ExcludesWish[] {
  const { container } = item.image
  const path = readAt(item)
  // The administrator's own lines already leave it out; a rule of ours would only hide whose wish it is.
  if (decision === undefined || decision.code === 'excluded-by-administrator') return []
  return wanted(decision) === 'image'
    ? [{ kind: 'copy-image', path, container }]
    : [{ kind: 'leave-out', path, container }]
}

function mountWishes({ usage: { mountPoints } }: Observed, decision: Decision | undefined): ExcludesWish[] {
  return mountPoints.map((path) => ({ kind: 'mount-point', path, copy: decision?.action === 'contents' }))
}
