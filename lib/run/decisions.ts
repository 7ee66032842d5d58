import type { Config } from '../generated/config.js'
import type { AdministratorLook } from '../link/proof.js'
import { ownStores } from '../mount/own-store.js'
import { decide } from '../policy/decide.js'
import type { Candidate, Decision } from '../policy/policy-type.js'
import type { FileVaultAccount } from '../session/session.js'
import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { readAt, type Observed } from './observed.js'
import { liesIn } from './wishes.js'

/** What the decisions rest on besides the images. */
export interface DecisionFacts {
  readonly policies: Config['policies']
  readonly accounts: readonly FileVaultAccount[]
  /** What the administrator's own excludes leave out. */
  readonly excludedByAdministrator: AdministratorLook | undefined
  /** backupDest, the configuration's folder, the state folder. */
  readonly ownPaths: readonly RawPath[]
  /** Minutes waited so far, by slot. */
  readonly waited: ReadonlyMap<string, number>
}

/** Given the images observed, return exactly one decision for each, by its path. */
export function decisions(images: readonly Observed[], facts: DecisionFacts): Map<RawPath, Decision> {
  const stores = ownStores(
    images.map(({ image, usage }) => ({ path: image.path, mountPoints: usage.mountPoints })),
    facts.ownPaths,
  )
  return new Map(
    images.map((item) => {
      const obstacle = twoImages(item, images, facts) ?? partlyExcluded(item, facts)
      return [item.image.path, decide(candidate(item, stores.has(item.image.path), obstacle, facts), facts.policies)]
    }),
  )
}

function candidate(
  { image, usage, user, copyPath, stagedAt }: Observed,
  ownStore: boolean,
  obstacle: Candidate['obstacle'],
  facts: DecisionFacts,
): Candidate {
  const excluded = facts.excludedByAdministrator?.images.get(stagedAt ?? image.path)?.whole === true
  return {
    slot: image.slot,
    path: image.path,
    container: image.container,
    encryption: image.encryption,
    recognised: image.recognised,
    user,
    usage,
    ownStore,
    inSource: copyPath !== undefined,
    waitedMinutes: facts.waited.get(image.slot) ?? 0,
    ...(excluded ? { excludedBy: "LBackup's excludes file" } : {}),
    ...(obstacle === undefined ? {} : { obstacle }),
  }
}

/** After a crash an image may lie in both places of a home. The rules let one through; which is right, nobody knows. */
function twoImages(
  { image }: Observed,
  images: readonly Observed[],
  { accounts }: DecisionFacts,
): Candidate['obstacle'] {
  const account = accounts.find((one) => liesIn(one, image.path))
  if (account === undefined) return undefined
  const both = images.map((other) => other.image.path).filter((path) => liesIn(account, path))
  if (both.length < 2) return undefined
  const reason = `the home of ${account.user} has two images, ${list(both.map(printable))}; move the wrong one away`
  return { code: 'two-images', reason }
}

/** An image whose members are left out one by one looks backed up and cannot be opened. */
function partlyExcluded(item: Observed, { excludedByAdministrator }: DecisionFacts): Candidate['obstacle'] {
  const leftOut = excludedByAdministrator?.images.get(readAt(item))
  if (leftOut === undefined || leftOut.whole) return undefined
  const members = list(leftOut.members.map(printable))
  const reason = `LBackup's excludes file leaves ${members} out of it, and such a copy cannot be opened; change that line`
  return { code: 'members-excluded', reason }
}
