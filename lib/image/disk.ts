import type { Buffer } from 'node:buffer'

/** Bytes of a disk, by offset. A read past the end gives what is there; what was never written is zeros. */
export interface Disk {
  /** Bytes. */
  readonly size: number
  /** At most `length` bytes (0 ≤ length ≤ 8 MiB) from `offset`. Throws OperationalError where the bytes cannot be read. */
  read(offset: number, length: number): Buffer
}
