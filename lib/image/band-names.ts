import type { RawPath } from '../text/raw-path.js'

const longestExact = 13

/**
 * Given a name in `bands/` or `mapped/`, return the index it stands for: lower-case hexadecimal without leading zeros
 * or `0x`. Infinity for an index no number holds exactly; undefined for any other name.
 */
export function bandIndex(name: RawPath): number | undefined {
  if (name.length === 0 || (name.length > 1 && name.charCodeAt(0) === 48)) return undefined
  let index = 0
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at)
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1
    if (digit < 0) return undefined
    index = index * 16 + digit
  }
  return name.length > longestExact ? Infinity : index
}

/** Given the index of a band, return the name of its file. */
export const bandName = (index: number): RawPath => index.toString(16) as RawPath

const foreign: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^\.DS_Store$/, 'a folder view that the Finder left'],
  [/^\._/, 'the second half of a file (AppleDouble) that a Mac left on a foreign volume'],
  [/^\.smbdelete/, 'a deleted file that an SMB server keeps while somebody has it open'],
  [/^\.nfs/, 'a deleted file that an NFS client keeps while somebody has it open'],
  [/^\.fuse_hidden/, 'a deleted file that a FUSE volume keeps while somebody has it open'],
  [/^\.[0-9a-zA-Z_.]+\.[A-Za-z0-9]{6}$/, 'a half-written file of an rsync that was interrupted'],
]

/** Given a name that is no band's, return what such files usually are, as part of a sentence. */
export function foreignName(name: RawPath): string {
  return foreign.find(([pattern]) => pattern.test(name))?.[1] ?? 'no part of a sparse bundle'
}

/** Given a name that is no band's, tell whether it is a band's name written otherwise: upper case or leading zeros. */
export const isOddBandName = (name: RawPath): boolean => /^(0x)?[0-9a-fA-F]+$/.test(name) && name.length <= 64
