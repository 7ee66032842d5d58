import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { RawPath } from '../text/raw-path.js'

/** What the client's program is called, and the version of what it and we say to each other (client/PROTOCOL.md). */
export const programName = 'lbackup-filevault-client'
export const protocolVersion = 1

export type Verb = 'version' | 'exists' | 'look' | 'fingerprints' | 'digests' | 'watch'

/** Given a path, return it as a word of a call: hex digits, which no shell, wrapper or glob on the way can change. */
export const toHex = (path: RawPath): string => Buffer.from(path, 'latin1').toString('hex')

/** Given such a word, return the path; undefined where it is none. */
export const fromHex = (word: string): RawPath | undefined =>
  /^(?:[0-9a-f]{2})+$/.test(word) ? (Buffer.from(word, 'hex').toString('latin1') as RawPath) : undefined

/** A word that no answer to another call begins or ends with. */
export const newNonce = (): string => randomBytes(16).toString('hex')

/** Given a verb and its words, return the command that ssh is to run. Nothing but `[a-z0-9-]` and blanks is in it. */
export const command = (nonce: string, verb: Verb, words: readonly string[]): string =>
  [programName, String(protocolVersion), nonce, verb, ...words].join(' ')
