import { readKernelFile } from './kernel-file.js'

/**
 * Given a device number as `stat` has it, tell which disk that is and whether it spins. A partition counts as its disk.
 * Where the system does not say (btrfs, network volumes), it does not spin; on macOS nothing tells (assumed), and it does.
 */
export function spinningDisk(device: number): { disk: number; spins: boolean } {
  if (process.platform !== 'linux') return { disk: device, spins: true }
  const block = `/sys/dev/block/${String(major(device))}:${String(minor(device))}`
  const partition = answer(`${block}/partition`) !== undefined
  // The way back from a partition leads to its disk.
  const disk = partition ? `${block}/..` : block
  const number = answer(`${disk}/dev`)?.split(':').map(Number)
  const [most, least] = number ?? []
  return {
    disk: most === undefined || least === undefined ? device : most * 2 ** 20 + least,
    spins: answer(`${disk}/queue/rotational`) === '1',
  }
}

function answer(path: string): string | undefined {
  const read = readKernelFile(path, 64)
  return typeof read === 'string' ? undefined : read.text.trim()
}

// As the kernel packs a dev_t for programs (gnu_dev_major, gnu_dev_minor); numbers above 32 bits do not occur.
const major = (device: number): number => (device >>> 8) & 0xfff
const minor = (device: number): number => (device & 0xff) | ((device >>> 12) & 0xfff00)
