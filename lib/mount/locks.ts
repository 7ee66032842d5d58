/** One lock that is held, from `/proc/locks`. */
export interface KernelLock {
  readonly kind: string
  /** -1 for a lock of an open file description; 0 or a number of no process for one that was taken from elsewhere. */
  readonly pid: number
  /** `major:minor`, decimal. */
  readonly device: string
  readonly inode: number
}

/**
 * Given the text of `/proc/locks`, return the locks held, not those waited for (`->`): `1: FLOCK  ADVISORY  WRITE 312
 * fe:00:123 0 EOF`, the device hexadecimal (proc(5)). Leases and delegations are among them: a file server takes them
 * for its clients.
 */
export function parseLocks(text: string): KernelLock[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\d+: ([A-Z]+) +\S+ +\S+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /u.exec(line)
    if (match === null) return []
    const [, kind = '', pid = '', major = '', minor = '', inode = ''] = match
    const device = `${String(Number.parseInt(major, 16))}:${String(Number.parseInt(minor, 16))}`
    return [{ kind, pid: Number(pid), device, inode: Number(inode) }]
  })
}
