import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import { skip } from './skip.js'

const mounted: string[] = []

/**
 * Given a folder, mount a file system there on which files can be cloned, and return its path; skips where that may not
 * be done. `unmountReflinkDisks` undoes it.
 */
export function reflinkDisk(context: Context, folder: string): string {
  const [image, place] = [join(folder, 'btrfs.img'), join(folder, 'btrfs')]
  const file = openSync(image, 'w')
  ftruncateSync(file, 128 * 1024 * 1024)
  closeSync(file)
  mkdirSync(place)
  try {
    execFileSync('mkfs.btrfs', ['-q', image], { stdio: 'pipe' })
    execFileSync('mount', ['-o', 'loop', image, place], { stdio: 'pipe' })
  } catch {
    skip(context, 'btrfs cannot be made and mounted here')
  }
  mounted.push(place)
  return place
}

/** For `afterEach` of a suite: it comes before the hook that removes the temporary folders. */
export function unmountReflinkDisks(): void {
  for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder])
}
