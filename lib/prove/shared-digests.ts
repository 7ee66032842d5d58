import { Buffer } from 'node:buffer'

/** Given a number of rows, return room for their digests, 32 bytes each, that threads can write into. */
export const sharedDigests = (rows: number): Buffer => Buffer.from(new SharedArrayBuffer(Math.max(1, rows) * 32))
