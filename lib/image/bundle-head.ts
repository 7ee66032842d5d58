import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { bundleType, differingKeys, readBundlePlist, type BundlePlist } from './bundle-plist.js'
import type { FindingList } from './finding-list.js'
import { plistInteger, isDictionary, parsePlist } from './plist.js'
import type { SmallFile } from './small-file.js'

/** What the property lists of a bundle say of its bands; bands is 0 where they cannot be used. */
export interface Geometry {
  readonly bandSize: number
  readonly virtualBytes: number
  readonly bands: number
}

const unusable: Geometry = { bandSize: 0, virtualBytes: 0, bands: 0 }
const infoPlist = 'Info.plist' as RawPath
const infoBackup = 'Info.bckup' as RawPath
const mebibyte = 1_048_576n
const largest = BigInt(Number.MAX_SAFE_INTEGER)

type Reading = { readonly plist: BundlePlist } | { readonly fault: string; readonly unreadable: boolean }

/**
 * Given Info.plist and Info.bckup as they were found, return the bundle's geometry, with every fault added to the
 * findings. Info.plist counts; where it cannot be read, Info.bckup does, as it does for Apple's own reader.
 */
export function readGeometry(plist: SmallFile, backup: SmallFile, findings: FindingList): Geometry {
  const first = read(plist)
  const second = read(backup)
  if ('plist' in first && 'plist' in second) compare(first.plist, second.plist, findings)
  else if ('plist' in first || 'plist' in second) halfLost(first, second, findings)
  if ('plist' in first) return judge(first.plist, infoPlist, findings)
  if ('plist' in second) return judge(second.plist, infoBackup, findings)
  if (!first.unreadable && !second.unreadable) {
    const message = `Neither Info.plist (${first.fault}) nor Info.bckup (${second.fault}) can be read.`
    const cure = 'Copy both from an older copy of the same image.'
    findings.add('plist-unreadable', 'error', message, { member: infoPlist, cure, passing: true })
  }
  return unusable
}

function read(file: SmallFile): Reading {
  if (file.state === 'unreadable') return { fault: 'may not be read', unreadable: true }
  if (file.state !== 'read') return { fault: file.fault, unreadable: false }
  if (file.bytes.length === 0) return { fault: 'empty', unreadable: false }
  try {
    return { plist: readBundlePlist(file.bytes) }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { fault: 'not a property list', unreadable: false }
  }
}

function halfLost(first: Reading, second: Reading, findings: FindingList): void {
  const [lost, kept, reading] = 'plist' in first ? [infoBackup, infoPlist, second] : [infoPlist, infoBackup, first]
  if ('plist' in reading || reading.unreadable) return
  const message = `${lost} cannot be used (${reading.fault}); ${kept}, which should be the same, is whole.`
  findings.add('plist-half-lost', 'warning', message, {
    member: lost,
    cure: `On the detached image, copy ${kept} to ${lost}.`,
    passing: true,
  })
}

function compare(first: BundlePlist, second: BundlePlist, findings: FindingList): void {
  const keys = differingKeys(first, second)
  if (keys.length === 0) return
  const shown = keys
    .slice(0, 5)
    .map((key) => printable(Buffer.from(key.slice(0, 60), 'utf8').toString('latin1') as RawPath))
  const message = `Info.plist and Info.bckup, which should be the same, differ in ${shown.join(', ')}.`
  findings.add('plist-copies-differ', 'warning', message, {
    member: infoBackup,
    cure: 'Compare both with an older copy of the image; Info.plist is the one that counts.',
    passing: true,
  })
}

function judge(plist: BundlePlist, member: RawPath, findings: FindingList): Geometry {
  const { type, bandSize, size, version } = plist
  if (type !== bundleType) {
    const message = `${member} does not say that this is a sparse bundle.`
    findings.add('image-type-wrong', 'error', message, { member, passing: true })
  }
  if (version !== 1n && version !== 2n) {
    const message = `${member} names a version of the format that is not known here (${version === undefined ? 'none' : String(version)}).`
    findings.add('backingstore-version-unknown', 'warning', message, { member })
  }
  const goodBand = bandSize !== undefined && bandSize > 0n && bandSize <= largest
  const goodSize = size !== undefined && size > 0n && size <= largest
  if (!goodBand) {
    const message = `${member} gives an impossible band-size (${bandSize === undefined ? 'none' : String(bandSize)}).`
    findings.add('band-size-invalid', 'error', message, { member, passing: true })
  } else if (bandSize < mebibyte || bandSize > 8192n * mebibyte || bandSize % 4096n !== 0n) {
    const message = `${member} gives a band-size of ${String(bandSize)} bytes, which hdiutil would not make.`
    findings.add('band-size-unusual', 'warning', message, { member })
  }
  if (!goodSize) {
    const message = `${member} gives an impossible size of the disk inside (${size === undefined ? 'none' : String(size)}).`
    findings.add('image-size-invalid', 'error', message, { member, passing: true })
  } else if (size % 512n !== 0n) {
    const message = `${member} gives the disk inside ${String(size)} bytes, which is no whole number of sectors.`
    findings.add('image-size-unusual', 'warning', message, { member })
  }
  const virtualBytes = goodSize ? Number(size) : 0
  if (!goodBand || !goodSize) return { ...unusable, virtualBytes }
  return { bandSize: Number(bandSize), virtualBytes, bands: Number((size + bandSize - 1n) / bandSize) }
}

/** Time Machine keeps what it knows of a bundle here. */
export const machineId = 'com.apple.TimeMachine.MachineID.plist' as RawPath

/**
 * Given Time Machine's `com.apple.TimeMachine.MachineID.plist`, add a warning where Time Machine itself found the
 * bundle damaged (VerificationState 2: it then asks for a new backup). Meaning taken from NAS repair instructions.
 */
export function readMachineId(file: SmallFile | undefined, findings: FindingList): void {
  if (file?.state !== 'read') return
  try {
    const keys = parsePlist(file.bytes)
    if (!isDictionary(keys) || plistInteger(keys['VerificationState']) !== 2n) return
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return
  }
  findings.add('time-machine-damaged', 'warning', 'Time Machine itself found this bundle damaged at its last check.', {
    member: machineId,
    cure: 'Let Time Machine begin a new backup, or repair the bundle with Disk Utility.',
  })
}
