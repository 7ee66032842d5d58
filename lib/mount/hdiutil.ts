import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { isDictionary, parsePlist, type PlistDictionary, type PlistValue } from '../image/plist.js'
import { fromText, type RawPath } from '../text/raw-path.js'

/** One attached image, as `hdiutil info -plist` tells it. */
export interface AttachedImage {
  /** Real path, links resolved; `ram://…` for a disk in memory. */
  readonly imagePath: RawPath
  readonly mountPoints: readonly RawPath[]
  /** `/dev/disk4`, `/dev/disk4s1` … */
  readonly devices: readonly string[]
  /** Process that holds the image open. */
  readonly holderPid?: number
  readonly writeable?: boolean
  /** Who attached it. */
  readonly ownerUid?: number
}

/** More than this is no answer of hdiutil: an attached image takes about 2 KiB. */
export const hdiutilLimitBytes = 8 * 1024 * 1024

/**
 * Given the standard output of `hdiutil info -plist`, return the attached images; none where the key `images` is
 * missing, as it is when nothing is attached. Licence texts and progress may stand around the XML. Every key but
 * `image-path` and `system-entities` may be absent (captures of macOS 10.13 to 15). Throws OperationalError
 * `plist-invalid` where there is no plist in it, or not that of hdiutil.
 */
export function parseHdiutilInfo(output: Buffer): AttachedImage[] {
  const images = hdiutilDictionary(output)['images']
  if (images === undefined) return []
  if (!Array.isArray(images)) throw invalid('its `images` is not a list')
  return (images as PlistValue[]).map(attachedImage)
}

const closing = '</plist>'

/** Given what hdiutil printed with `-plist`, return the dictionary in it. Throws OperationalError `plist-invalid`. */
export function hdiutilDictionary(output: Buffer, verb: 'info' | 'attach' = 'info'): PlistDictionary {
  const start = output.indexOf('<?xml')
  const end = start < 0 ? -1 : output.indexOf(closing, start)
  if (end < 0) throw invalid('there is no property list in it', undefined, verb)
  const value = parse(output.subarray(start, end + closing.length), verb)
  if (!isDictionary(value)) throw invalid('its property list is not a dictionary', undefined, verb)
  return value
}

function parse(bytes: Buffer, verb: string): PlistValue {
  try {
    return parsePlist(bytes, hdiutilLimitBytes)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'its property list is damaged', error, verb)
  }
}

function attachedImage(image: PlistValue): AttachedImage {
  if (!isDictionary(image)) throw invalid('an image in it is not a dictionary')
  const path = image['image-path']
  if (typeof path !== 'string') throw invalid('an image in it has no `image-path`')
  const list = image['system-entities']
  const entities = Array.isArray(list) ? (list as PlistValue[]).filter((entity) => isDictionary(entity)) : []
  const holderPid = integer(image['hdid-pid'])
  const ownerUid = integer(image['owner-uid'])
  return {
    imagePath: fromText(path),
    mountPoints: texts(entities.map((entity) => entity['mount-point'])).map(fromText),
    devices: texts(entities.map((entity) => entity['dev-entry'])),
    ...(holderPid === undefined ? {} : { holderPid }),
    ...(ownerUid === undefined ? {} : { ownerUid }),
    ...(typeof image['writeable'] === 'boolean' ? { writeable: image['writeable'] } : {}),
  }
}

const texts = (values: readonly unknown[]): string[] =>
  values.filter((value): value is string => typeof value === 'string' && value !== '')

const integer = (value: PlistValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined

function invalid(why: string, cause?: unknown, verb = 'info'): OperationalError {
  return new OperationalError(
    'plist-invalid',
    `The answer of \`hdiutil ${verb} -plist\` cannot be understood: ${why.replace(/\.$/u, '')}.`,
    `Run \`hdiutil ${verb} -plist\` by hand and look at what it prints; \`tools.hdiutil\` in the configuration names the program.`,
    cause === undefined ? undefined : { cause },
  )
}
