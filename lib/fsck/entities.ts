import type { Buffer } from 'node:buffer'
import { isDictionary, type PlistDictionary, type PlistValue } from '../image/plist.js'
import { hdiutilDictionary } from '../mount/hdiutil.js'

/** A file system, or an APFS container, of an attached image, that one of Apple's checkers knows. */
export interface AttachedFileSystem {
  /** `/dev/disk6s1` */
  readonly device: string
  readonly kind: 'hfs' | 'apfs'
}

/** What `hdiutil attach -plist` tells of the disk it made. */
export interface AttachedDisk {
  /** The whole disk, which is what is to be detached; undefined: it is not told. */
  readonly device: string | undefined
  readonly fileSystems: readonly AttachedFileSystem[]
}

const hfsHints = new Set(['Apple_HFS', 'Apple_HFSX', '48465300-0000-11AA-AA11-00306543ECAC'])
// The partition that stores a container; the container itself is a disk of its own, which the system makes up.
const apfsHints = new Set(['Apple_APFS', '7C3457EF-0000-11AA-AA11-00306543ECAC'])
const containerHint = 'EF57347C-0000-11AA-AA11-00306543ECAC'

const devicePattern = /^\/dev\/disk\d{1,6}(?:s\d{1,6})*$/
const wholePattern = /^\/dev\/disk\d+$/

/**
 * Given the standard output of `hdiutil attach -plist`, return the disk and its file systems (forms seen in captures with
 * an Apple partition map and with APFS; one that fills the disk without a partition map is assumed to stand on the whole
 * disk). An entity that names no device is passed over. Throws OperationalError `plist-invalid`.
 */
export function parseHdiutilAttach(output: Buffer): AttachedDisk {
  const list = hdiutilDictionary(output, 'attach')['system-entities']
  const entities = Array.isArray(list) ? (list as PlistValue[]).filter((one) => isDictionary(one)) : []
  const told = entities.flatMap((entity) => {
    const device = entity['dev-entry']
    return typeof device === 'string' && devicePattern.test(device) ? [{ device, hints: hintsOf(entity) }] : []
  })
  const having = (wanted: (hint: string) => boolean): string[] =>
    told.filter(({ hints }) => hints.some(wanted)).map(({ device }) => device)
  const containers = having((hint) => hint === containerHint)
  const stores = having((hint) => apfsHints.has(hint))
  const disks = told.map(({ device }) => device).filter((device) => wholePattern.test(device))
  return {
    device: disks.find((device) => !containers.includes(device)) ?? disks[0],
    fileSystems: [
      ...having((hint) => hfsHints.has(hint)).map((device) => ({ device, kind: 'hfs' as const })),
      ...(stores.length > 0 ? stores : containers).map((device) => ({ device, kind: 'apfs' as const })),
    ],
  }
}

const hintsOf = (entity: PlistDictionary): string[] =>
  [entity['content-hint'], entity['unmapped-content-hint']].filter((hint) => typeof hint === 'string')
