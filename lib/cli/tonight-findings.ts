import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import { shellWord } from '../install/shell-word.js'
import { standing } from '../install/standing.js'
import type { BackupSource } from '../lbackup/backup-source.js'
import { checkStore, rememberedStore, refuseWrongStore } from '../lbackup/store.js'
import { readExcludes } from '../link/apply.js'
import { withBlock } from '../link/block.js'
import { proveBlock } from '../link/proof.js'
import type { PlanRequest, Tonight } from '../run/plan-type.js'
import { exists, lookAt } from '../system/file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Machine } from './machine.js'

/** Given an LBackup configuration, say that the hooks are not installed in it. */
export function notInstalled({ setup }: Machine): ReportedFinding[] {
  const { launchers } = standing(setup.configurationFolder)
  if (launchers.pre.state === 'ours' && launchers.post.state === 'ours') return []
  const message = 'The hooks are not installed: LBackup would copy all of it like any files, in use or not.'
  const cure = `Run: lbackup-filevault install --config ${shellWord(printable(setup.configurationFile))}`
  return [{ code: 'hook-not-installed', severity: 'warning', message, cure }]
}

/** Given the source as written, say that it is a link, for which the hook halts. */
export function linkedSource({ path, trailingSlash }: BackupSource): ReportedFinding[] {
  if (trailingSlash || lookAt(path)?.isSymbolicLink() !== true) return []
  const message = `LBackup's backupSource ${printable(path)} is a symbolic link; the backup is halted.`
  return [{ code: 'source-is-link', severity: 'error', message, cure: 'Write the real path into backupSource.' }]
}

/**
 * Given LBackup's backupDest and our state folder, say that the disk is not the one we know. One that is not there by day
 * may be mounted by a pre action at night: no reason yet to say that the backup is halted.
 */
export function wrongDisk(backupDest: RawPath, stateFolder: RawPath): ReportedFinding[] {
  if (!exists(backupDest)) {
    const message = `LBackup's backupDest ${printable(backupDest)} is not there now.`
    return [{ code: 'destination-missing', severity: 'warning', message, cure: 'Mount it before the backup.' }]
  }
  try {
    refuseWrongStore(backupDest, stateFolder, checkStore(backupDest, rememberedStore(stateFolder), { make: false }))
    return []
  } catch (error) {
    return [operational(error, 'store-missing')]
  }
}

/**
 * Given a plan, return where rsync would not do what it says. The hook proves this before it writes its lines; the same is
 * done here, without writing any.
 */
export async function unproven(
  request: PlanRequest,
  { excludes, administrator, halt }: Tonight,
): Promise<ReportedFinding[]> {
  if (excludes === undefined || halt) return []
  try {
    const owner = { run: 'tonight', lbackupPid: process.pid, lbackupStarted: 0 }
    const differences = await proveBlock(request.system, {
      plan: excludes,
      excludes: withBlock(readExcludes(request.excludesFile).bytes, owner, excludes.rules),
      ...(administrator === undefined ? {} : { administrator }),
    })
    const cure = 'Change the line of the excludes file that gets in the way.'
    return differences.map((message) => ({ code: 'excludes-not-proven', severity: 'error', message, cure }))
  } catch (error) {
    return [operational(error, 'excludes-not-proven')]
  }
}

function operational(error: unknown, code: string): ReportedFinding {
  if (!(error instanceof OperationalError)) throw error
  return { code, severity: 'error', message: error.message, cure: error.cure }
}
