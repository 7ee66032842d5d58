import { OperationalError } from '../finding/operational-error.js'
import { allProcesses, type ProcessEntry } from '../lbackup/process-list.js'
import { parseLsof } from '../mount/lsof.js'
import { withDescendants } from '../mount/process-list.js'
import { kernelNames, linkText } from '../system/kernel-file.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import type { WatchedProcess } from './order.js'

/** One process of LBackup's rsync: sender, generator or receiver. */
export interface RsyncProcess extends WatchedProcess {
  /** What it has open, and its working folder. */
  readonly open: readonly RawPath[]
}

/**
 * Given the machine and LBackup, return the processes of its rsync, and of nothing else: programs of that name which
 * descend from that very LBackup. undefined: it could not be found out.
 */
export async function rsyncProcesses(system: System, lbackup: WatchedProcess): Promise<RsyncProcess[] | undefined> {
  const all = await processes(system)
  if (all === undefined) return undefined
  if (all.get(lbackup.pid)?.startTime !== lbackup.startTime) return []
  const descent = withDescendants([...all.values()], [lbackup.pid])
  const found = [...all.values()].filter((one) => descent.has(one.pid) && !one.zombie && isRsync(one))
  if (found.length === 0) return []
  const open = system.platform === 'macos' ? await openOnMac(system, found) : openOnLinux(found)
  return open && found.map(({ pid, startTime }) => ({ pid, startTime, open: open.get(pid) ?? [] }))
}

async function processes(system: System): Promise<ReadonlyMap<number, ProcessEntry> | undefined> {
  try {
    return await allProcesses(system)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

// LBackup brings some of its own: rsync_v3, rsync_3.2.2.
const isRsync = ({ argv }: ProcessEntry): boolean => /^rsync(_v?[\d.]+)?$/u.test(baseName((argv[0] ?? '') as RawPath))

function openOnLinux(found: readonly ProcessEntry[]): Map<number, RawPath[]> {
  return new Map(
    found.map(({ pid }) => {
      const folder = `/proc/${String(pid)}`
      const list = kernelNames(`${folder}/fd`)
      const names = typeof list === 'string' ? [] : list.names.map((name) => `fd/${name}`)
      const links = [...names, 'cwd'].map((name) => linkText(`${folder}/${name}`))
      return [pid, links.flatMap((link) => (typeof link === 'string' ? [] : [link.target]))]
    }),
  )
}

/** Assumed (never run on a Mac): lsof names the working folder too, and all by the paths under which homes are known. */
async function openOnMac(system: System, found: readonly ProcessEntry[]): Promise<Map<number, RawPath[]> | undefined> {
  const pids = found.map(({ pid }) => String(pid)).join(',')
  const result = await system.tool('lsof', ['-n', '-P', '-w', '-F', 'pfn0', '-p', pids])
  // It ends with 1 where one of the processes is gone meanwhile.
  if (noAnswer(result, [0, 1]) !== undefined) return undefined
  const open = new Map<number, RawPath[]>()
  for (const { pid, name } of parseLsof(result.stdout)) open.set(pid, [...(open.get(pid) ?? []), name])
  return open
}
