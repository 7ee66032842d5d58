import type { Buffer } from 'node:buffer'

/** One bit of a bitmap stands for this many bytes. */
export const blockBytes = 4096

/** Given a band size in bytes, return how long each file in `mapped/` is: one bit for every 4 KiB. */
export const bitmapLength = (bandSize: number): number => Math.ceil(bandSize / blockBytes / 8)

/**
 * Given the bytes of a file in `mapped/`, return how long in bytes its band must at least be: up to the end of the last
 * 4 KiB block marked as written (least significant bit first). 0 where none is. Observed on macOS 10.14 bundles.
 */
export function mappedLength(bitmap: Buffer): number {
  let at = bitmap.length - 1
  while (at >= 0 && bitmap[at] === 0) at -= 1
  if (at < 0) return 0
  const highest = 31 - Math.clz32(bitmap[at] as number)
  return (at * 8 + highest + 1) * blockBytes
}
