import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import { skip } from '../skip.js'

const mounted: string[] = []

/** A file system of 256 KiB in memory, mounted for this test. */
export interface SmallDisk {
  /** Leaves not a byte. */
  fill(): void
  /** Gives back what `fill` took. */
  free(): void
  readOnly(on: boolean): void
}

/** Given an empty folder, mount a small disk there; skips where that may not be done. `unmountSmallDisks` undoes it. */
export function smallDisk(context: Context, folder: string): SmallDisk {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0755', 'tmpfs', folder], { stdio: 'pipe' })
  } catch {
    skip(context, 'a file system cannot be mounted here')
  }
  mounted.push(folder)
  const filler = join(folder, 'filler')
  return {
    fill() {
      const file = openSync(filler, 'w')
      try {
        for (;;) writeSync(file, Buffer.alloc(4096))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler),
    readOnly: (on) => void execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, folder]),
  }
}

/** For `afterEach` of a suite: it comes before the hook that removes the temporary folders. */
export function unmountSmallDisks(): void {
  for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder])
}
