import { readFileIfPresent } from '../system/file.js'
import { readKernelFile } from '../system/kernel-file.js'
import { run } from '../system/process.js'
import type { System } from '../system/system.js'
import { join, type RawPath } from '../text/raw-path.js'
import { ancestors, findProcess, type ProcessEntry } from './process-list.js'

/** A process, told apart from any later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** See `ProcessEntry.startTime`. */
  readonly startTime: string
  /** Differs after every start of the machine. */
  readonly bootId: string
}

/**
 * Given the machine and LBackup's configuration folder, return LBackup's own process, which outlives our hook: the one
 * LBackup's lock names if it is an ancestor of ours, else the nearest ancestor that is LBackup's program by name, else
 * undefined. `from`: whose ancestors, default this process.
 */
export async function lbackupProcess(
  system: System,
  configurationFolder: RawPath,
  from: number = process.pid,
): Promise<ProcessIdentity | undefined> {
  const chain = await ancestors(system, from)
  const lock = readFileIfPresent(join(configurationFolder, 'backup_in_progress.lock'), 64 * 1024)
  const pid = lock === undefined ? undefined : lockPid(lock.bytes.toString('latin1'))
  // With ignore_backup_lock=YES there is no lock, and a stale one may name anybody.
  const found = chain.find((entry) => entry.pid === pid) ?? chain.find(isLBackup)
  return found === undefined ? undefined : { ...identityOf(found), bootId: await bootId(system) }
}

/** Given the machine and a process id (default: our own), return its identity, or undefined where there is none. */
export async function processIdentity(system: System, pid: number = process.pid): Promise<ProcessIdentity | undefined> {
  const found = await findProcess(system, pid)
  return found === undefined ? undefined : { ...identityOf(found), bootId: await bootId(system) }
}

/** Given the machine and an identity, tell whether that very process still runs. */
export async function isAlive(system: System, identity: ProcessIdentity): Promise<boolean> {
  if (identity.bootId !== (await bootId(system))) return false
  const found = await findProcess(system, identity.pid)
  return found !== undefined && !found.zombie && found.startTime === identity.startTime
}

/** Given the machine, return a text that differs after every start of it. */
export async function bootId(system: System): Promise<string> {
  if (system.platform === 'linux') {
    const answer = readKernelFile('/proc/sys/kernel/random/boot_id')
    if (typeof answer !== 'string') return answer.text.trim()
  }
  // Assumed (never run on a Mac): kern.bootsessionuuid exists. kern.boottime would shift whenever the clock is set.
  const answer = await run({ file: '/usr/sbin/sysctl', args: ['-n', 'kern.bootsessionuuid'], timeoutSeconds: 10 })
  return answer.exitCode === 0 ? answer.stdout.toString('latin1').trim() : 'unknown'
}

/** Given the text of LBackup's lock file, return LBackup's process id: the fourth word of the line with `PID`. */
export function lockPid(text: string): number | undefined {
  const line = text.split('\n').find((one) => one.includes('PID'))
  const word = line?.trim().split(/\s+/)[3]
  return word !== undefined && /^[1-9][0-9]{0,9}$/.test(word) ? Number(word) : undefined
}

/**
 * Given a process, tell whether it is LBackup by its program's name: the first word, or the second where the first is the
 * shell that runs it.
 */
export const isLBackup = ({ argv }: ProcessEntry): boolean =>
  argv.slice(0, 2).some((word) => ['backup_script.bash', 'lbackup'].includes(word.slice(word.lastIndexOf('/') + 1)))

const identityOf = ({ pid, startTime }: ProcessEntry): Omit<ProcessIdentity, 'bootId'> => ({ pid, startTime })
