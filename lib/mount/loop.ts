import { kernelNames, readKernelFile } from '../system/kernel-file.js'
import type { RawPath } from '../text/raw-path.js'
import type { LinuxMount } from './mountinfo.js'

/** A loop device in use, with everything the kernel made on top of it. */
export interface LoopDevice {
  /** `loop3`. */
  readonly name: string
  /** The file it shows as a disk; ` (deleted)` is appended where that lost its name. */
  readonly backing: RawPath
  /** `major:minor` of the device, its partitions, and of what is stacked on them. */
  readonly devices: readonly string[]
  /** Their names: `loop3`, `loop3p1`, `dm-0`. */
  readonly nodes: readonly string[]
}

/** Given the folder of block devices (`/sys/block`), return the loop devices in use; undefined where it cannot be read. */
export function readLoops(root: string): LoopDevice[] | undefined {
  const list = kernelNames(root)
  if (typeof list === 'string') return list === 'gone' ? [] : undefined
  return list.names.flatMap((name) => {
    if (!name.startsWith('loop')) return []
    const backing = readKernelFile(`${root}/${name}/loop/backing_file`, 8192)
    if (typeof backing === 'string') return []
    const found = new Map<string, string>()
    collect(root, `${root}/${name}`, name, found)
    return [
      {
        name,
        // One newline ends it; others belong to the name.
        backing: backing.text.replace(/\n$/u, '') as RawPath,
        devices: [...found.values()],
        nodes: [...found.keys()],
      },
    ]
  })
}

/** Adds a block device, its partitions, and what holds them (device mapper, RAID). */
function collect(root: string, folder: string, name: string, found: Map<string, string>): void {
  const device = readKernelFile(`${folder}/dev`, 64)
  if (found.has(name) || typeof device === 'string') return
  found.set(name, device.text.trim())
  const inside = kernelNames(folder)
  const holders = kernelNames(`${folder}/holders`)
  if (typeof inside === 'object') {
    for (const part of inside.names) if (part.startsWith(name)) collect(root, `${folder}/${part}`, part, found)
  }
  if (typeof holders === 'object') for (const holder of holders.names) collect(root, `${root}/${holder}`, holder, found)
}

/** Given loop devices and one of them, return it and those that lie on it or its partitions in turn. */
export function withLoopsAbove(loops: readonly LoopDevice[], first: LoopDevice): LoopDevice[] {
  const found = [first]
  for (let at = 0; at < found.length; at += 1) {
    const nodes = new Set((found[at] as LoopDevice).nodes.map((node) => `/dev/${node}`))
    found.push(...loops.filter((loop) => nodes.has(loop.backing) && !found.includes(loop)))
  }
  return found
}

/** Given loop devices and the mount table, return where volumes on them are mounted. btrfs is known by its source only. */
export function mountPointsOf(loops: readonly LoopDevice[], mounts: readonly LinuxMount[]): RawPath[] {
  const devices = new Set(loops.flatMap((loop) => loop.devices))
  const nodes = new Set(loops.flatMap((loop) => loop.nodes.map((node) => `/dev/${node}`)))
  return mounts.filter((mount) => devices.has(mount.device) || nodes.has(mount.source)).map((mount) => mount.point)
}
