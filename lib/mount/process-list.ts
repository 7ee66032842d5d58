import type { RawPath } from '../text/raw-path.js'

/** One process, from the line the kernel keeps for it. */
export interface ProcessLine {
  readonly pid: number
  readonly parentPid: number
  /** At most 15 bytes, any bytes: a process may call itself what it likes. */
  readonly program: string
  /** `D`: waiting for a disk or server that does not answer. */
  readonly state: string
  /** A thread of the kernel: it has no descriptors, and nobody may look for them. */
  readonly kernelThread: boolean
}

// PF_KTHREAD of include/linux/sched.h. A parent of 2 would not tell: in a container that is an ordinary process.
const kernelThreadFlag = 0x00200000

/** Given the text of `/proc/PID/stat`, return the process; its program's name stands in brackets and may hold some itself. */
export function parseProcessStat(text: string): ProcessLine | undefined {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  // state, ppid, pgrp, session, tty_nr, tpgid, flags: proc(5)
  const [state, parentPid, , , , , flags] = text.slice(close + 2).split(' ')
  const pid = Number(text.slice(0, open))
  if (open < 0 || close < open || !Number.isSafeInteger(pid)) return undefined
  return {
    pid,
    parentPid: Number(parentPid),
    program: text.slice(open + 1, close),
    state: state ?? '?',
    kernelThread: (Number(flags) & kernelThreadFlag) !== 0,
  }
}

/**
 * Given the text of `/proc/PID/maps`, return the files mapped shared and writable, each with the name of its link in
 * `map_files`. Only newlines are written in octal there (Linux fs/proc/task_mmu.c).
 */
export function parseSharedMappings(text: string): { target: RawPath; range: string }[] {
  if (!/ .w.s /u.test(text)) return []
  return [...text.matchAll(/^([0-9a-f]+-[0-9a-f]+) .w.s [0-9a-f]+ \S+ \d+ +(\/.*)$/gmu)].map(([, range, path]) => ({
    range: range as string,
    target: (path as string).replaceAll('\\012', '\n') as RawPath,
  }))
}

/** Given the output of `ps -axo pid=,ppid=`, return pid and parent of each line. */
export function parsePs(text: string): Pick<ProcessLine, 'pid' | 'parentPid'>[] {
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gmu)].map(([, pid, parentPid]) => ({
    pid: Number(pid),
    parentPid: Number(parentPid),
  }))
}

/** Given processes and some pids, return these pids and those of all their descendants. */
export function withDescendants(
  processes: readonly Pick<ProcessLine, 'pid' | 'parentPid'>[],
  pids: readonly number[],
): Set<number> {
  const children = new Map<number, number[]>()
  for (const { pid, parentPid } of processes) {
    const siblings = children.get(parentPid)
    if (siblings === undefined) children.set(parentPid, [pid])
    else siblings.push(pid)
  }
  const found = new Set<number>()
  const open = [...pids]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (found.has(pid)) continue
    found.add(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return found
}

// smbd calls itself `smbd[192.0.2.7` for its client since Samba 4.17; the last ones are macOS's own file servers.
const server = /^(smbd|afpd|nfsd|lockd|ganesha\.nfsd|ksmbd|unfsd|AppleFileServer|SharedFileServe)/u

/** Given a program's name, tell whether it opens files for people on other machines. */
export const servesOthers = (program: string): boolean => server.test(program)
