import { OperationalError } from '../finding/operational-error.js'
import { readV2Header, v1Length, v2FixedLength } from '../image/encryption-header.js'
import { recogniseFile, tailLength } from '../image/format.js'
import type { Image } from '../image/image.js'
import type { HeaderBytes } from '../image/unlock.js'
import { readSmallFile } from '../look/small-file.js'
import { withFileIn, type OpenFile } from '../system/folder-looks.js'
import { closeFolder, openFolderIn, withFolder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { damaged } from './disk-errors.js'

// As long as a v2 header can be with the keys there may be; those of real images have 120 KiB.
const longestHeader = 1024 * 1024

/**
 * Given an image, return its encryption header as it is stored; undefined where it is not encrypted. Throws
 * OperationalError, also where what should tell is damaged.
 */
export function readHeader({ path, container }: Pick<Image, 'path' | 'container'>): HeaderBytes | undefined {
  const name = baseName(path)
  return withFolder(parent(path), (folder) => {
    if (container === 'sparse-image') return withFileIn(folder, name, (file) => headerOfFile(file, path))
    const bundle = openFolderIn(folder, name)
    try {
      const token = readSmallFile(bundle, 'token' as RawPath, longestHeader)
      if (token.state !== 'read') throw damaged(path, `its token is ${token.fault}`)
      return headerOfToken(token.bytes, path)
    } finally {
      closeFolder(bundle)
    }
  })
}

function headerOfToken(bytes: Buffer, path: RawPath): HeaderBytes | undefined {
  if (bytes.length === 0) return undefined
  if (bytes.toString('latin1', 0, 8) === 'encrcdsa') return { version: 'v2', bytes }
  if (bytes.toString('latin1', bytes.length - 8) === 'cdsaencr') {
    return { version: 'v1', bytes: bytes.subarray(Math.max(0, bytes.length - v1Length)) }
  }
  throw damaged(path, 'its token is neither empty nor an encryption header')
}

/** Given an open sparse image and its path, return its encryption header; undefined where it is not encrypted. */
export function headerOfFile({ stats, read }: OpenFile, path: RawPath): HeaderBytes | undefined {
  const head = read(0, v2FixedLength)
  const tailAt = Math.max(0, stats.size - tailLength)
  switch (recogniseFile(head, read(tailAt, stats.size - tailAt))) {
    case 'sparse-image':
      return undefined
    case 'encrypted-v2': {
      const { header } = readV2Header(head)
      return { version: 'v2', bytes: read(0, Math.min(longestHeader, stats.size, header?.dataOffset ?? 0)) }
    }
    case 'encrypted-v1':
      return { version: 'v1', bytes: read(Math.max(0, stats.size - v1Length), v1Length) }
    default:
      throw new OperationalError(
        'image-unrecognised',
        `${printable(path)} holds none of the known formats of a sparse image.`,
        'Take the image from an older copy.',
      )
  }
}
