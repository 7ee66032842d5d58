import { Buffer } from 'node:buffer'
import { createCipheriv, createHash } from 'node:crypto'

/** Given a seed and a length, return bytes that look random and are the same each time. */
export function content(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}
