import { readKernelFile } from '../system/kernel-file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { AttachedOptions, AttachedVolume, AttachedVolumes } from './attached-volume.js'
import { linuxPlaces } from './linux.js'
import { mountPointsOf, readLoops, withLoopsAbove, type LoopDevice } from './loop.js'
import { imageProgram, parseMountinfo, type LinuxMount } from './mountinfo.js'

/** Given where the kernel keeps its tables if not in the usual places, return the volumes: see `attachedVolumes`. */
export function linuxVolumes(places: AttachedOptions['places']): AttachedVolumes {
  const { processes, blockDevices } = { ...linuxPlaces, ...places }
  const tablePath = `${processes}/self/mountinfo`
  const table = readKernelFile(tablePath, 64 * 1024 * 1024)
  if (typeof table === 'string') return { volumes: [], problems: [unreadable(tablePath)] }
  const loops = readLoops(blockDevices)
  const problems = loops === undefined ? [unreadable(blockDevices)] : []
  return { volumes: volumesOf(parseMountinfo(table.text), loops ?? []), problems }
}

/** Given a mount table and loop devices, return where volumes of images are mounted. */
export function volumesOf(table: readonly LinuxMount[], loops: readonly LoopDevice[]): AttachedVolume[] {
  const mounts = onTop(table)
  const images = new Map<RawPath, string>()
  const add = (mountPoint: RawPath, image: string): void => {
    if (!images.has(mountPoint)) images.set(mountPoint, image)
  }
  // Before what lies on them: a loop device may show a partition of another one.
  const first = loops.filter(({ backing }) => !/^\/dev\/(loop|dm-)/u.test(backing))
  for (const loop of first) {
    for (const point of mountPointsOf(withLoopsAbove(loops, loop), mounts)) add(point, printable(loop.backing))
  }
  for (const mount of mounts) {
    const program = imageProgram(mount)
    if (program !== undefined) add(mount.point, `an image shown by ${program}`)
    // One the kernel does not list for us, as in a container.
    else if (/^\/dev\/loop\d/u.test(mount.source)) add(mount.point, printable(mount.source))
  }
  return [...images].map(([mountPoint, image]) => ({ mountPoint, image }))
}

const unreadable = (path: string): string =>
  `which images are attached is not known, for ${path} could not be read: run as root, on a machine with ${path}`

const programs = new Set(['squashfs', 'erofs'])

/** Of several mounts on one point only the last is seen; the table lists them in the order they were made. */
const onTop = (mounts: readonly LinuxMount[]): LinuxMount[] =>
  [...new Map(mounts.map((mount) => [mount.point, mount])).values()].filter(({ type }) => !programs.has(type))
