import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A backup disk of some MiB that can be filled. */
export interface Disk {
  readonly folder: string
  /** Leaves about so many bytes. */
  fill(left: number): void
  free(): void
  isFull(): boolean
}

export interface Disks {
  /** Backup disks. */
  readonly small: readonly Disk[]
  /** A folder on a big one, for everything else: what is synced there costs nothing. */
  readonly big: string
}

const mebibyte = 1024 * 1024
const [smallSize, bigSize] = [48 * mebibyte, 512 * mebibyte]
const mounted: string[] = []

/** Given a folder and a number, make and mount so many small disks in it; undefined where that may not be done (not root). */
export function makeDisks(folder: string, count: number): Disks | undefined {
  try {
    const size = `size=${String(smallSize * count + bigSize)}`
    const memory = mount(join(folder, 'memory'), '-t', 'tmpfs', '-o', size, 'tmpfs')
    const disk = (name: string, bytes: number): string => mountImage(join(folder, name), join(memory, name), bytes)
    return {
      small: Array.from({ length: count }, (_, number) => fillable(disk(`disk-${String(number)}`, smallSize))),
      big: disk('big', bigSize),
    }
  } catch {
    unmountDisks()
    return undefined
  }
}

/** Whatever is mounted goes, the loop devices with it. */
export function unmountDisks(): void {
  for (const folder of mounted.splice(0).reverse()) execFileSync('umount', ['-l', folder])
}

function mount(folder: string, ...args: readonly string[]): string {
  mkdirSync(folder)
  execFileSync('mount', [...args, folder], { stdio: 'pipe' })
  mounted.push(folder)
  return folder
}

/** ext4, which gives inode numbers again at once, as disks do and a file system in memory does not. */
function mountImage(place: string, image: string, bytes: number): string {
  const file = openSync(image, 'w')
  ftruncateSync(file, bytes)
  closeSync(file)
  execFileSync('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', image], { stdio: 'pipe' })
  return mount(place, '-o', 'loop', image)
}

function fillable(place: string): Disk {
  const filler = join(place, 'filler')
  let full = false
  return {
    folder: place,
    fill(left) {
      const { bavail, bsize } = statfsSync(place)
      full = true
      takeAll(filler, bavail * bsize)
      giveBack(`${filler}-rest`, left)
    },
    free() {
      for (const path of [filler, `${filler}-rest`]) rmSync(path, { force: true })
      full = false
    },
    isFull: () => full,
  }
}

/** Most of the space at once, as far as the disk has it. */
function takeAll(path: string, bytes: number): void {
  for (let asked = bytes; asked > 0; asked -= 65_536) {
    if (spawnSync('fallocate', ['-l', String(asked), path]).status === 0) return
    rmSync(path, { force: true })
  }
}

/** The rest, to the last block, less what is to be left. */
function giveBack(path: string, left: number): void {
  const file = openSync(path, 'w')
  let size = 0
  try {
    for (;;) size += writeSync(file, Buffer.alloc(4096))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    ftruncateSync(file, Math.max(0, size - left))
  } finally {
    closeSync(file)
  }
}
