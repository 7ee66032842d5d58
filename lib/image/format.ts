import type { Buffer } from 'node:buffer'
import type { RawPath } from '../text/raw-path.js'

/** What a single file is, by its content. */
export type FileFormat = 'sparse-image' | 'encrypted-v2' | 'encrypted-v1' | 'udif' | 'asif' | 'android-sparse' | 'none'

/** `recogniseFile` needs this many bytes of a file's tail, or the whole file where it is shorter. */
export const tailLength = 512

/**
 * Given the first bytes of a file and its last 512 (fewer where it is shorter), return what the file is. Sources:
 * libyal/libmodi "Mac OS disk image types", dmgwiz (encryption headers), huven/asif-format, AOSP libsparse.
 */
export function recogniseFile(head: Buffer, tail: Buffer): FileFormat {
  const start = head.toString('latin1', 0, 8)
  if (start === 'encrcdsa') return 'encrypted-v2'
  if (start.startsWith('sprs')) return 'sparse-image'
  if (tail.toString('latin1', Math.max(0, tail.length - 8)) === 'cdsaencr') return 'encrypted-v1'
  if (tail.length === tailLength && tail.toString('latin1', 0, 4) === 'koly') return 'udif'
  if (start.startsWith('shdw')) return 'asif'
  if (head.length >= 4 && head.readUInt32LE(0) === 0xed26ff3a) return 'android-sparse'
  return 'none'
}

/**
 * Given a file's format and name, tell whether it is a sparse image, another kind of disk image, or none. Of an
 * encrypted file only the name tells which kind lies inside. A file named `.sparseimage` that holds none of the known
 * formats is a damaged sparse image, or something else under that name.
 */
export function fileKind(format: FileFormat, name: RawPath): 'sparse-image' | 'damaged' | 'other-image-kind' | 'none' {
  if (format === 'sparse-image') return 'sparse-image'
  if (format === 'none') return isSparseImageName(name) ? 'damaged' : 'none'
  if (format.startsWith('encrypted') && isSparseImageName(name)) return 'sparse-image'
  return 'other-image-kind'
}

/** Given a name or path, tell whether it ends in `.sparseimage`, in capitals or not. */
export const isSparseImageName = (name: RawPath): boolean => /\.sparseimage$/i.test(name)

/** Given a name or path, tell whether it ends as the folder of a sparse bundle does. */
export const isBundleName = (name: RawPath): boolean => /\.(sparsebundle|backupbundle)$/i.test(name)

/** Given a name or path, tell whether Time Machine has not finished making that bundle (it renames it when done). */
export const isIncompleteName = (name: RawPath): boolean => /\.incomplete$/i.test(name)
