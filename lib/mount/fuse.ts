import { linkText, readKernelFile } from '../system/kernel-file.js'
import { join, type RawPath } from '../text/raw-path.js'
import { isFuse, type LinuxMount } from './mountinfo.js'

/** A program that serves a FUSE file system and holds an image open. */
interface Daemon {
  readonly pid: number
  readonly fuseDescriptors: readonly string[]
}

/**
 * Given the folder of processes, a program that serves FUSE, and the mount table, return the mounts that are its own.
 * Nothing in the mount table names the program: newer kernels tell the connection at its descriptor (the minor number
 * of the mount's device); else its arguments name the mount point; else the only FUSE mount there is must be it.
 */
export function mountsServedBy(root: string, daemon: Daemon, mounts: readonly LinuxMount[]): LinuxMount[] {
  const served = mounts.filter((mount) => isFuse(mount.type))
  if (daemon.fuseDescriptors.length === 0 || served.length === 0) return []
  const connections = new Set(daemon.fuseDescriptors.map((name) => connection(root, daemon.pid, name)))
  const byConnection = served.filter((mount) => connections.has(mount.device.split(':')[1]))
  if (byConnection.length > 0) return byConnection
  const named = new Set(argumentsOf(root, daemon.pid))
  const byArgument = served.filter((mount) => named.has(mount.point))
  if (byArgument.length > 0) return byArgument
  return served.length === 1 ? served : []
}

function connection(root: string, pid: number, descriptor: string): string | undefined {
  const info = readKernelFile(`${root}/${String(pid)}/fdinfo/${descriptor}`, 4096)
  return typeof info === 'string' ? undefined : /^fuse_connection:\s*(\d+)/mu.exec(info.text)?.[1]
}

function argumentsOf(root: string, pid: number): RawPath[] {
  const line = readKernelFile(`${root}/${String(pid)}/cmdline`, 64 * 1024)
  const folder = linkText(`${root}/${String(pid)}/cwd`)
  if (typeof line === 'string') return []
  return line.text.split('\0').map((text) => {
    const path = text.length > 1 ? text.replace(/\/+$/u, '') : text
    return path.startsWith('/') || typeof folder === 'string' ? (path as RawPath) : join(folder.target, path)
  })
}
