import { isBundleName, isIncompleteName } from '../image/format.js'
import type { Entry } from '../system/folder.js'
import { fromLatin1, type RawPath } from '../text/raw-path.js'

/** The entries of one folder, as far as a search for images cares. Links, FIFOs, sockets and devices are left out. */
export interface Listing {
  readonly folders: RawPath[]
  /** Regular files worth opening. */
  readonly files: RawPath[]
  /** Its names are those of a bundle, or its own name is. */
  readonly mayBeBundle: boolean
  /** Info.plist or Info.bckup, and `bands` or `token`: only content decides from here. */
  readonly hasMembers: boolean
  readonly hasBands: boolean
}

interface Look {
  isDirectory(): boolean
  isFile(): boolean
}

/**
 * Given a folder's entries and its own name, return them sorted out. `isWanted` tells whether a file is worth opening;
 * `typeOf` looks at an entry whose type the file system does not tell.
 */
export function sortNames(
  entries: readonly Entry[],
  ownName: RawPath,
  ask: { isWanted(name: RawPath): boolean; typeOf(name: RawPath): Look | undefined },
): Listing {
  const folders: RawPath[] = []
  const files: RawPath[] = []
  let [plist, bands, token] = [false, false, false]
  for (const entry of entries) {
    const name = fromLatin1(entry.name)
    // By length first: there are hundreds of thousands of names, and hardly any is one of these.
    if (name.length === 10) plist ||= name === 'Info.plist' || name === 'Info.bckup'
    else if (name.length === 5) {
      bands ||= name === 'bands'
      token ||= name === 'token'
    }
    if (entry.isFile()) {
      if (ask.isWanted(name)) files.push(name)
    } else if (entry.isDirectory()) folders.push(name)
    else if (isUnknown(entry)) {
      const seen = ask.typeOf(name)
      if (seen?.isDirectory() === true) folders.push(name)
      else if (seen?.isFile() === true && ask.isWanted(name)) files.push(name)
    }
  }
  const hasMembers = plist && (bands || token)
  const mayBeBundle = hasMembers || isBundleName(ownName) || isIncompleteName(ownName)
  return { folders, files, mayBeBundle, hasMembers, hasBands: bands }
}

/** Given a file's name, tell whether images bear such names: `.sparseimage`, `.dmg`, `.dmgpart`, in capitals or not. */
export function isWorthOpening(name: RawPath): boolean {
  switch (name.charCodeAt(name.length - 1) | 0x20) {
    case 0x65: // e, also of .incomplete
    case 0x67: // g
    case 0x74: // t
      return wanted.test(name)
    default:
      return false
  }
}

const wanted = /\.(sparseimage|dmg|dmgpart|(sparseimage|dmg)\.incomplete)$/i

const isUnknown = (entry: Entry): boolean =>
  !(entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice())
