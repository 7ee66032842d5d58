import { OperationalError } from '../finding/operational-error.js'
import { isLBackup } from '../lbackup/process-chain.js'
import { findProcess } from '../lbackup/process-list.js'
import { readExcludes } from '../link/apply.js'
import { printable } from '../text/printable.js'
import type { RunContext } from './context.js'

/**
 * Given the run, throw where the excludes file holds the block of another LBackup that still runs. Configurations in one
 * folder may share the file; our lock is each configuration's own.
 */
export async function refuseOtherBlock({ excludesFile, lbackup, system }: RunContext): Promise<void> {
  const { file, parts } = readExcludes(excludesFile)
  for (const { lbackupPid } of parts.owners) {
    if (lbackupPid === lbackup.pid) continue
    const owner = await findProcess(system, lbackupPid)
    // The number may long be somebody else's.
    if (owner === undefined || owner.zombie || !isLBackup(owner)) continue
    throw new OperationalError(
      'run-in-progress',
      `Another LBackup (process ${String(lbackupPid)}) is at work with the same excludes file, ${printable(file)}, and has its lines in it.`,
      'Let one backup end before the next begins, or give each configuration an excludes file of its own.',
    )
  }
}
