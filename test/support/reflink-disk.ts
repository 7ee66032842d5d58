import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import { skip } from './skip.js'

const mounted: string[] = []

/** Megabytes that each needs at least. */
const sizes = { btrfs: 128, xfs: 320 } as const
export type ReflinkKind = keyof typeof sizes

/**
 * Given a folder, mount a file system there on which files can be cloned, and return its path; skips where that may not
 * be done. `unmountReflinkDisks` undoes it.
 */
export function reflinkDisk(context: Context, folder: string, kind: ReflinkKind = 'btrfs', megabytes?: number): string {
  const place = mountReflinkDisk(folder, kind, megabytes)
  if (place === undefined) skip(context, `${kind} cannot be made and mounted here`)
  return place
}

/** As `reflinkDisk`, without a test; undefined where it may not be done. */
export function mountReflinkDisk(
  folder: string,
  kind: ReflinkKind,
  megabytes: number = sizes[kind],
): string | undefined {
  const [image, place] = [join(folder, `${kind}.img`), join(folder, kind)]
  const file = openSync(image, 'w')
  ftruncateSync(file, megabytes * 1024 * 1024)
  closeSync(file)
  mkdirSync(place)
  try {
    execFileSync(`mkfs.${kind}`, ['-q', image], { stdio: 'pipe' })
    execFileSync('mount', ['-o', 'loop', image, place], { stdio: 'pipe' })
  } catch {
    return undefined
  }
  mounted.push(place)
  return place
}

/** For `afterEach` of a suite: it comes before the hook that removes the temporary folders. */
export function unmountReflinkDisks(): void {
  for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder])
}
