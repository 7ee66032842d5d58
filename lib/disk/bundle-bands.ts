import { OperationalError } from '../finding/operational-error.js'
import { bandName } from '../image/band-names.js'
import { blockCipher, type DataKey } from '../image/block-cipher.js'
import { readGeometry, type Geometry } from '../image/bundle-head.js'
import { findingList } from '../image/finding-list.js'
import { decrypted, type Stored } from '../image/stored.js'
import { readToken } from '../image/token.js'
import { readSmallFile } from '../look/small-file.js'
import { systemCode } from '../system/file-system-error.js'
import { closeFolder, openFolderIn, withFolder, type Folder } from '../system/folder.js'
import { holdFile, type HeldFile } from '../system/held-file.js'
import type { RawPath } from '../text/raw-path.js'
import { damaged, keyMissing } from './disk-errors.js'
import type { ClosableBands } from './image-bands.js'

const mebibyte = 1024 * 1024
const smallestBand = 512

/**
 * Given a bundle's open folder, its path and, where it is encrypted, its keys, return its bands. One band's file is open
 * at a time. Cipher blocks are counted from 0 in each band. Throws OperationalError.
 */
export function bundleBands(bundle: Folder, path: RawPath, key: DataKey | undefined): ClosableBands {
  const { bandSize, virtualBytes: size, bands } = geometryIn(bundle)
  if (bands === 0) throw damaged(path, 'its property lists do not say how large it is and how large its bands are')
  // Each band is a file to open: of bands of one byte there would be a million of them for a mebibyte.
  if (bandSize < smallestBand) throw damaged(path, `bands of ${String(bandSize)} bytes are impossible`)
  const encrypted = isEncrypted(bundle, path)
  if (encrypted && key === undefined) throw keyMissing(path)
  if (!encrypted && key !== undefined) throw damaged(path, 'it was encrypted a moment ago, and its token is empty now')
  const cipher = key === undefined ? undefined : blockCipher(key)
  const folder = openFolderIn(bundle, 'bands' as RawPath)
  let open: { index: number; file: HeldFile | undefined } = { index: -1, file: undefined }

  function hold(index: number): HeldFile | undefined {
    if (open.index === index) return open.file
    open.file?.close()
    open = { index: -1, file: undefined }
    open = { index, file: heldIfThere(folder, bandName(index)) }
    return open.file
  }

  const stored: Stored = { read: (buffer, offset) => open.file?.read(buffer, offset).length ?? 0 }
  const clear = cipher === undefined ? stored : decrypted(stored, cipher)
  return {
    size,
    bandSize,
    band: (index) => (hold(index) === undefined ? undefined : { stored: clear, start: 0 }),
    close() {
      open.file?.close()
      open = { index: -1, file: undefined }
      closeFolder(folder)
    },
  }
}

/** Given the path of a bundle, return what its property lists say of its bands. Throws OperationalError. */
export const bundleGeometry = (path: RawPath): Geometry => withFolder(path, geometryIn)

function geometryIn(bundle: Folder): Geometry {
  const small = (name: string) => readSmallFile(bundle, name as RawPath, mebibyte)
  return readGeometry(small('Info.plist'), small('Info.bckup'), findingList(false))
}

function isEncrypted(bundle: Folder, path: RawPath): boolean {
  const token = readSmallFile(bundle, 'token' as RawPath, mebibyte)
  if (token.state !== 'read') throw damaged(path, `its token is ${token.fault}`)
  const { encryption } = readToken(token.bytes, findingList(false))
  if (encryption === 'unknown') throw damaged(path, 'its token is neither empty nor an encryption header')
  return encryption !== 'none'
}

function heldIfThere(folder: Folder, name: RawPath): HeldFile | undefined {
  try {
    return holdFile(folder, name)
  } catch (error) {
    if (error instanceof OperationalError && systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
