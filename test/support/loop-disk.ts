import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import { skip } from './skip.js'

const mounted: string[] = []

/** An ext4 file system of its own. */
export interface LoopDisk {
  readonly path: string
  /** Takes all room but so many bytes. */
  fill(left?: number): void
  /** Gives back what `fill` took. */
  free(): void
  readOnly(on: boolean): void
}

/**
 * Given a folder, make an ext4 file system in it and mount it; skips where that may not be done. `unmountLoopDisks` undoes
 * it. With `wholeSeconds` it keeps no fractions of times, as HFS+ does not; without a journal, no inode of the last half
 * minute is given again.
 */
export function loopDisk(
  context: Context,
  folder: string,
  { wholeSeconds = false, journal = false }: { wholeSeconds?: boolean; journal?: boolean } = {},
): LoopDisk {
  const [image, path] = [join(folder, 'ext4.img'), join(folder, 'ext4')]
  const file = openSync(image, 'w')
  ftruncateSync(file, 32 * 1024 * 1024)
  closeSync(file)
  mkdirSync(path)
  // Inodes of 128 bytes have no room for fractions. No reserve: what is free is what can be written.
  const features = ['-I', wholeSeconds ? '128' : '256', '-O', journal ? 'has_journal' : '^has_journal']
  try {
    execFileSync('mkfs.ext4', ['-q', '-F', '-b', '1024', '-m', '0', ...features, image], { stdio: 'pipe' })
    execFileSync('mount', ['-o', 'loop', image, path], { stdio: 'pipe' })
  } catch {
    skip(context, 'ext4 cannot be made and mounted here')
  }
  mounted.push(path)
  const filler = join(path, 'filler')
  return {
    path,
    fill(left = 0) {
      const handle = openSync(filler, 'w')
      try {
        for (let size = 256 * 1024; size >= 1024; size /= 2) {
          while (room(path) >= left + size && write(handle, size));
        }
      } finally {
        closeSync(handle)
      }
    },
    free: () => rmSync(filler),
    readOnly: (on) => void execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, path]),
  }
}

function room(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

function write(handle: number, size: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(size, 'filler')) === size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    return false
  }
}

/** For `afterEach` of a suite: it comes before the hook that removes the temporary folders. */
export function unmountLoopDisks(): void {
  for (const path of mounted.splice(0)) execFileSync('umount', ['-l', path])
}
