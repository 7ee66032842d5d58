import type { Origin } from '../config/defaults.js'
import type { Config } from '../generated/config.js'
import { policyFor } from '../policy/decide.js'
import type { Observed } from '../run/observed.js'
import { count, list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'

const shown = 5

const names = (paths: readonly RawPath[]): string => {
  const told = paths.slice(0, shown).map(printable)
  return list(paths.length > shown ? [...told, count(paths.length - shown, 'more', 'more')] : told)
}

/** Given the images in the source, say which are one file: it is stored whole in every section after a change. */
export function wholeFileFindings(images: readonly Observed[]): DoctorFinding[] {
  const files = images.filter(({ image }) => image.container === 'sparse-image')
  if (files.length === 0) return []
  const bytes = files.reduce((sum, { structure }) => sum + structure.counts.bytes, 0)
  return [
    found(
      'sparse-image-whole',
      'info',
      `${count(files.length, 'sparse image')} of ${size(bytes)} ${files.length === 1 ? 'is' : 'are'} one file each, stored whole in every section after the smallest change: ${names(files.map(({ image }) => image.path))}.`,
      'Convert it to a sparse bundle (hdiutil convert -format UDSB) where the space is short.',
    ),
  ]
}

/**
 * Given the images, our settings and where each setting comes from, say which images fall under nothing but the built-in
 * policy: it leaves those in use out, which nobody may have wanted.
 */
export function policyFindings(
  images: readonly Observed[],
  { policies }: Pick<Config, 'policies'>,
  origins: ReadonlyMap<string, Origin>,
): DoctorFinding[] {
  const unnamed = images.filter(({ image, user, copyPath }) => {
    if (copyPath === undefined) return false
    const policy = policyFor({ path: image.path, user }, policies)
    const index = policies.indexOf(policy)
    return index < 0 || (policy.match === undefined && origins.get(`policies[${String(index)}].ifInUse`) !== 'file')
  })
  if (unnamed.length === 0) return []
  return [
    found(
      'policy-missing',
      'info',
      `No policy of yours says what happens with ${names(unnamed.map(({ image }) => image.path))}; one that is in use is left out, and its newest good copy takes its place.`,
      'Say it in "policies" of filevault.json; "lbackup-filevault tonight" prints a line to paste.',
    ),
  ]
}

/** Given the paths of images that carry the flag `uchg`, say what that means. */
export function immutableFindings(paths: readonly RawPath[]): DoctorFinding[] {
  if (paths.length === 0) return []
  return [
    found(
      'image-immutable',
      'warning',
      `Locked with the flag uchg, as Time Machine leaves a bundle it found damaged: ${names(paths)}. Its copies say complete, and macOS may refuse to open any of them for writing.`,
      'Find out who locked it and why before trusting its copies; chflags -R nouchg takes the lock away.',
    ),
  ]
}

/** What is needed to tell whether the key to all FileVault images is backed up too. */
export interface KeychainLook {
  /** Users with a FileVault home in the source. */
  readonly users: readonly string[]
  readonly source: RawPath
  /** Where FileVaultMaster.keychain stands; empty: nowhere it was looked for. */
  readonly keychains: readonly RawPath[]
}

/** Given a look for the master keychain, say where a forgotten password would mean a lost home. */
export function keychainFindings({ users, source, keychains }: KeychainLook): DoctorFinding[] {
  if (users.length === 0 || keychains.some((path) => isWithin(path, source))) return []
  const where = keychains.length === 0 ? 'was not found' : `lies in ${names(keychains)}, outside of the backup's source`
  return [
    found(
      'keychain-not-covered',
      'warning',
      `FileVaultMaster.keychain, the only way into the FileVault ${users.length === 1 ? 'home' : 'homes'} of ${list(users.slice(0, shown))} after a forgotten password, ${where}.`,
      'Back up /Library/Keychains/FileVaultMaster.keychain and FileVaultMaster.cer of the Mac, to a place the homes are not.',
    ),
  ]
}
