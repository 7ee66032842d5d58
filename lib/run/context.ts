import type { Config } from '../generated/config.js'
import type { ReportedFinding } from '../generated/report.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import type { HookEnvironment } from '../lbackup/environment.js'
import type { ProcessIdentity } from '../lbackup/process-chain.js'
import type { ReportLine } from '../report/lines.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import type { SourceMachine } from './source-machine.js'

/** What every beat of a run needs; made once per hook. */
export interface RunContext {
  readonly environment: HookEnvironment
  readonly config: Config
  readonly system: System
  /** The machine whose images are backed up; undefined: a client without our program, whose images are seen only in a section. */
  readonly machine: SourceMachine | undefined
  /** What is to be said of how the machine was reached. */
  readonly machineFindings: readonly ReportedFinding[]
  /** The backup's source with links in its path resolved; as LBackup wrote it where it is on another machine. */
  readonly source: BackupSource
  readonly stateFolder: RawPath
  /** LBackup's excludes file. */
  readonly excludesFile: RawPath
  readonly runId: string
  readonly startedAt: Date
  readonly bootId: string
  /** The LBackup that runs this hook. */
  readonly lbackup: ProcessIdentity
  /** Writes lines into LBackup's log. */
  readonly log: (lines: readonly ReportLine[]) => void
  /** Prints text on the terminal. */
  readonly print: (text: string) => void
  /** Says lines at once, in LBackup's log and on the terminal. */
  readonly say: (...lines: readonly ReportLine[]) => void
}

/** Folders of the backup itself: never a source, and an image that holds one is our own store. */
export function ownPaths({ environment, stateFolder }: Pick<RunContext, 'environment' | 'stateFolder'>): RawPath[] {
  return [environment.backupDest, environment.configurationFolder, stateFolder]
}
