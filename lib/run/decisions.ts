import type { Config } from '../generated/config.js'
import type { AdministratorLook } from '../link/proof.js'
import { ownStores } from '../mount/own-store.js'
import { decide } from '../policy/decide.js'
import type { Candidate, Decision } from '../policy/policy-type.js'
import type { RawPath } from '../text/raw-path.js'
import type { Observed } from './observed.js'

/** What the decisions rest on besides the images. */
export interface DecisionFacts {
  readonly policies: Config['policies']
  /** What the administrator's own excludes leave out. */
  readonly excludedByAdministrator: AdministratorLook | undefined
  /** backupDest, the configuration's folder, the state folder. */
  readonly ownPaths: readonly RawPath[]
  /** Minutes waited so far, by slot. */
  readonly waited: ReadonlyMap<string, number>
}

/** Given the images observed, return exactly one decision for each that lies in the backup's source, by its path. */
export function decisions(images: readonly Observed[], facts: DecisionFacts): Map<RawPath, Decision> {
  const inSource = images.filter(({ copyPath }) => copyPath !== undefined)
  const stores = ownStores(
    images.map(({ image, usage }) => ({ path: image.path, mountPoints: usage.mountPoints })),
    facts.ownPaths,
  )
  return new Map(
    inSource.map((item) => [
      item.image.path,
      decide(candidate(item, stores.has(item.image.path), facts), facts.policies),
    ]),
  )
}

function candidate({ image, usage, user }: Observed, ownStore: boolean, facts: DecisionFacts): Candidate {
  return {
    slot: image.slot,
    path: image.path,
    container: image.container,
    encryption: image.encryption,
    recognised: image.recognised,
    user,
    usage,
    ownStore,
    waitedMinutes: facts.waited.get(image.slot) ?? 0,
    ...(facts.excludedByAdministrator?.images.get(image.path)?.whole === true
      ? { excludedBy: "LBackup's excludes file" }
      : {}),
  }
}
