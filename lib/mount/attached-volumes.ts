import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { AttachedOptions, AttachedVolumes } from './attached-volume.js'
import { askHdiutil } from './hdiutil-answer.js'

/**
 * Given the machine, return where volumes of images are mounted, those of images that no search found among them. macOS:
 * every mount point `hdiutil info -plist` names. Linux: mounts of loop devices and of what lies on them, and mounts of
 * the FUSE programs known for images. A mount point that another volume covers is left out, as are squashfs and erofs,
 * which no Mac puts into an image: on Linux installed programs are mounted so. Nothing a tool does makes it throw.
 */
export async function attachedVolumes(system: System, options: AttachedOptions = {}): Promise<AttachedVolumes> {
  if (system.platform !== 'macos') return (await import('./linux-volumes.js')).linuxVolumes(options.places)
  const { attached, problem } = options.attached ?? (await askHdiutil(system))
  return {
    volumes: attached.flatMap(({ imagePath, mountPoints }) =>
      mountPoints.map((mountPoint) => ({ mountPoint, image: printable(imagePath) })),
    ),
    problems: problem === undefined ? [] : [`which images are attached is not known: ${problem}`],
  }
}
