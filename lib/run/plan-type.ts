import type { Config } from '../generated/config.js'
import type { ReportedFinding } from '../generated/report.js'
import type { SlotStatus } from '../generated/status.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import type { ExcludesPlan } from '../link/excludes-type.js'
import type { AdministratorLook } from '../link/proof.js'
import type { Decision } from '../policy/policy-type.js'
import type { FileVaultAccount } from '../session/session.js'
import type { StagedEntry } from '../staging/staging-type.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import type { Observed } from './observed.js'
import type { SourceMachine } from './source-machine.js'
import type { Waiter } from './waiter.js'

/** What a plan is made from; the hook and the `tonight` verb both have it. */
export interface PlanRequest {
  /** The machine that runs LBackup, and rsync. */
  readonly system: System
  /** The machine whose images are backed up. */
  readonly machine: SourceMachine
  readonly config: Config
  readonly source: BackupSource
  readonly excludesFile: RawPath
  /** backupDest, LBackup's configuration folder, our state folder. */
  readonly ownPaths: readonly RawPath[]
  /** What earlier runs knew. */
  readonly slots: readonly SlotStatus[]
  /** Without it nothing is ever waited for. */
  readonly waiter?: Waiter
  /** What was frozen of images at rest before; left out without a staging folder. */
  readonly frozen?: readonly StagedEntry[]
}

/** The plan of one run. */
export interface Tonight {
  readonly images: readonly Observed[]
  readonly decided: ReadonlyMap<RawPath, Decision>
  readonly accounts: readonly FileVaultAccount[]
  /** Where volumes of disk images are mounted on this machine. */
  readonly volumes: readonly RawPath[]
  /** Seconds waited, by slot. */
  readonly waited: ReadonlyMap<string, number>
  /** Who used an image while it was waited for, by slot. */
  readonly waitedFor: ReadonlyMap<string, readonly string[]>
  readonly findings: readonly ReportedFinding[]
  /** Names looked at by the search. */
  readonly entries: number
  /** The backup must not go on. */
  readonly halt: boolean
  /** What rsync is to see; undefined: there is nothing to say to it. */
  readonly excludes: ExcludesPlan | undefined
  readonly administrator: AdministratorLook | undefined
}
