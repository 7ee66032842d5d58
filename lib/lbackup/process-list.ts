import { OperationalError } from '../finding/operational-error.js'
import { kernelNames, readKernelFile } from '../system/kernel-file.js'
import type { System } from '../system/system.js'

/** A process as the system lists it. */
export interface ProcessEntry {
  readonly pid: number
  readonly parentPid: number
  /** In the system's own words: clock ticks since the start of the machine on Linux, a date in UTC on macOS. */
  readonly startTime: string
  /** Ended, but its parent has not asked for its exit status. */
  readonly zombie: boolean
  /** By a signal (SIGSTOP); it does nothing until SIGCONT. */
  readonly stopped: boolean
  readonly argv: readonly string[]
}

/** Given the machine and a process id, return that process, or undefined where there is none. */
export async function findProcess(system: System, pid: number): Promise<ProcessEntry | undefined> {
  if (system.platform === 'linux') return readLinuxProcess(pid)
  return (await macosProcesses(system)).get(pid)
}

/** Given the machine, return all its processes, by their ids. */
export async function allProcesses(system: System): Promise<Map<number, ProcessEntry>> {
  if (system.platform === 'macos') return macosProcesses(system)
  const list = kernelNames('/proc')
  const names = typeof list === 'string' ? [] : list.names.filter((name) => /^\d+$/.test(name))
  const found = names.flatMap((name) => readLinuxProcess(Number(name)) ?? [])
  return new Map(found.map((entry) => [entry.pid, entry]))
}

/** Given the machine and a process id, return that process' ancestors, the parent first; bounded. */
export async function ancestors(system: System, pid: number = process.pid): Promise<ProcessEntry[]> {
  const processes = system.platform === 'macos' ? await macosProcesses(system) : undefined
  const find = (id: number): ProcessEntry | undefined => (processes ? processes.get(id) : readLinuxProcess(id))
  const found: ProcessEntry[] = []
  let next = find(pid)?.parentPid ?? 0
  while (next > 0 && found.length < 64) {
    const entry = find(next)
    if (entry === undefined) break
    found.push(entry)
    next = entry.parentPid
  }
  return found
}

/**
 * Given the text of `/proc/PID/stat`, return what it says of the process, or undefined where it is nothing of the kind.
 * The second field is the program's name in parentheses and may itself hold blanks and parentheses (proc(5)).
 */
export function parseStat(text: string): Omit<ProcessEntry, 'argv'> | undefined {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const pid = Number.parseInt(text.slice(0, open), 10)
  const fields = text.slice(close + 2).split(' ')
  const [state, parentPid] = fields
  const startTime = fields[19]
  if (open < 0 || close < open || !(pid > 0) || startTime === undefined || !/^[0-9]+$/.test(startTime)) return undefined
  return {
    pid,
    parentPid: Number.parseInt(parentPid ?? '', 10),
    startTime,
    zombie: state === 'Z' || state === 'X',
    stopped: state === 'T',
  }
}

/**
 * Given the output of `ps -axo pid=,ppid=,stat=,lstart=,command=`, return the processes. `lstart` is five words
 * (`Sun Nov 22 21:14:00 2026`). Assumed: no output of a Mac was at hand; the format is that of the ps manual.
 */
export function parsePs(text: string): Map<number, ProcessEntry> {
  const found = new Map<number, ProcessEntry>()
  for (const line of text.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)(?:\s+(.*))?$/.exec(line)
    if (match === null) continue
    const pid = Number(match[1])
    const startTime = (match[4] ?? '').replace(/\s+/g, ' ')
    const argv = (match[5] ?? '').split(' ').filter((word) => word !== '')
    const [zombie, stopped] = [(match[3] ?? '').startsWith('Z'), (match[3] ?? '').startsWith('T')]
    found.set(pid, { pid, parentPid: Number(match[2]), startTime, zombie, stopped, argv })
  }
  return found
}

function readLinuxProcess(pid: number): ProcessEntry | undefined {
  const stat = readKernelFile(`/proc/${String(pid)}/stat`)
  const parsed = typeof stat === 'string' ? undefined : parseStat(stat.text)
  if (parsed === undefined) return undefined
  const commandLine = readKernelFile(`/proc/${String(pid)}/cmdline`, 64 * 1024)
  const text = typeof commandLine === 'string' ? '' : commandLine.text
  return { ...parsed, argv: text.split('\0').slice(0, -1) }
}

async function macosProcesses(system: System): Promise<Map<number, ProcessEntry>> {
  // Without TZ a change of daylight saving time would change every start time.
  const result = await system.tool('ps', ['-axo', 'pid=,ppid=,stat=,lstart=,command='], { env: { TZ: 'UTC' } })
  if (result.exitCode === 0) return parsePs(result.stdout.toString('utf8'))
  throw new OperationalError(
    'process-list-unreadable',
    `The list of processes could not be read with ${result.file} (${result.startError ?? result.signal ?? String(result.exitCode)}).`,
    'Correct tools.ps in the configuration.',
  )
}
