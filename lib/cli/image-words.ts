import type { Container, Encryption } from '../image/image.js'

/** Given a container, return its words. */
export const kindWords = (container: Container): string =>
  container === 'sparse-bundle' ? 'sparse bundle' : 'sparse image'

/** Given an encryption, return its words. */
export const encryptionWords = (encryption: Encryption): string =>
  encryption === 'none' ? 'not encrypted' : encryption === 'unknown' ? 'encryption unknown' : `encrypted ${encryption}`
