import { mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs'

const root = '/sys/fs/cgroup/blkio'
const group = `${root}/lbackup-filevault-bench`
/** What a good disk gives. A virtual one may give more than two processors can hash, and then says nothing of waiting. */
const bytesPerSecond = 400_000_000

/**
 * Given a path, hold what this process and its children read from the disk below to 400 MB/s for the duration of `use`;
 * undefined, and nothing done, where the system has no way to.
 */
export async function onSlowDisk<Result>(path: string, use: () => Promise<Result>): Promise<Result | undefined> {
  const { dev } = statSync(path)
  const device = `${String((dev >> 8) & 0xfff)}:${String((dev & 0xff) | ((dev >> 12) & 0xfff00))}`
  try {
    mkdirSync(group)
  } catch {
    return undefined
  }
  try {
    try {
      writeFileSync(`${group}/blkio.throttle.read_bps_device`, `${device} ${String(bytesPerSecond)}`)
    } catch {
      return undefined
    }
    writeFileSync(`${group}/cgroup.procs`, String(process.pid))
    return await use()
  } finally {
    writeFileSync(`${root}/cgroup.procs`, String(process.pid))
    rmdirSync(group)
  }
}
