import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'

/**
 * Given the text of a passwd file, one character per byte, return the name of each uid. Of several names for one uid the
 * first counts, as for the system itself.
 */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':')
    if (name !== '' && /^\d+$/u.test(uid) && !names.has(Number(uid))) names.set(Number(uid), printable(name as RawPath))
  }
  return names
}

/**
 * Given the output of `dscl . -list /Users UniqueID`, `bob      501` a line, return the name of each uid. Assumed from
 * the manual page: no capture of it was at hand.
 */
export function parseUserList(text: string): Map<number, string> {
  const names = new Map<number, string>()
  for (const [, name, uid] of text.matchAll(/^(\S+)\s+(-?\d+)$/gmu)) {
    if (!names.has(Number(uid))) names.set(Number(uid), printable(name as RawPath))
  }
  return names
}

/** Given known names and a uid, return the name, or `uid 501` where it is not known. */
export const userName = (names: ReadonlyMap<number, string>, uid: number): string =>
  names.get(uid) ?? `uid ${String(uid)}`
