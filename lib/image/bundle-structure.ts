import type { Buffer } from 'node:buffer'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { readGeometry, readMachineId } from './bundle-head.js'
import { bandIndex, bandName, foreignName, isOddBandName } from './band-names.js'
import { looksEncrypted, looksLikeDisk } from './content-sniff.js'
import { findingList } from './finding-list.js'
import { fingerprint, type MemberFacts } from './fingerprint.js'
import { isIncompleteName } from './format.js'
import type { Encryption } from './image.js'
import { mappedBands } from './mapped-bands.js'
import { addMemberFault, isKnownTopLevel } from './members.js'
import type { SmallFile } from './small-file.js'
import type { Structure } from './structure-type.js'
import { readToken, type Token } from './token.js'

/** What must be known of a bundle before its members are looked at. */
export interface BundleHead {
  /** The bundle's own name. */
  readonly name: RawPath
  readonly infoPlist: SmallFile
  readonly infoBackup: SmallFile
  readonly token: SmallFile
  /** `not-a-folder`: a link, even to a folder, or something else. */
  readonly bands: 'folder' | 'missing' | 'not-a-folder' | 'unreadable'
  readonly machineId?: SmallFile
  /** The first 4096 bytes of band 0, where that band exists and the token is empty. */
  readonly sample?: Buffer
}

export interface StructureOptions {
  /** The image is attached or being written: what may be a passing state is then no error. */
  readonly inUse: boolean
  /** Reports members with more than one hard link; copies in LBackup's sections have them by design. */
  readonly linksAreNews?: boolean
}

/** Takes a bundle's members one by one and keeps none of them. */
export interface BundleCheck {
  /** A name in the bundle's folder, in `mapped/` or in `bands/`; in the order `Fingerprint` asks for. */
  member(folder: '' | 'mapped' | 'bands', name: RawPath, facts: MemberFacts): void
  /** The content of `mapped/N` and that file's length, ascending, all of them before the first band. */
  bitmap(index: number, bytes: Buffer, length: number): void
  /** A member that may not be read: neither damage nor absence. Comes in the place of `member`. */
  unreadable(folder: '' | 'mapped' | 'bands', name: RawPath, why: string): void
  /** A member that was there when the folder was listed and is another or gone now. */
  changed(folder: '' | 'mapped' | 'bands', name: RawPath, what: string): void
  finish(): Structure
}

/**
 * Given the head of a bundle and options, return a check that its members are handed to; `finish` returns the result.
 * Rules that need every band's content (zeroed blocks of encrypted bands) are not checked, nor is the `uchg` flag, which
 * Node's stat does not show. Memory does not grow with the number of bands, only with that of `mapped/` files.
 */
export function createBundleCheck(head: BundleHead, options: StructureOptions): BundleCheck {
  const findings = findingList(options.inUse)
  const geometry = readGeometry(head.infoPlist, head.infoBackup, findings)
  const { bandSize, virtualBytes, bands: possibleBands } = geometry
  const lastBand = possibleBands - 1
  const lastLength = virtualBytes - bandSize * lastBand
  const token = judgeToken()
  const block = token.header?.blockSize ?? 1
  readMachineId(head.machineId, findings)
  judgeBandsFolder()
  const mapped = mappedBands(findings)
  const print = fingerprint()
  let current: '' | 'mapped' | 'bands' = ''
  let [members, bands, shortBands, bytes, newestChange] = [0, 0, 0, 0, 0]

  return {
    member(folder, name, facts) {
      if (folder !== current && folder !== '') print.enter(folder)
      current = folder
      print.add(name, facts)
      members += 1
      if (facts.type === 'file') bytes += facts.size
      if (facts.modified > newestChange) newestChange = facts.modified
      if (facts.type === 'link' || facts.type === 'other') {
        return addMemberFault(findings, pathOf(folder, name), facts)
      }
      if (options.linksAreNews === true && facts.type === 'file' && facts.links > 1) {
        addHardLinked(pathOf(folder, name), facts.links)
      }
      if (folder === 'bands') band(name, facts)
      else if (folder === '') topLevel(name)
      else if (bandIndex(name) === undefined) foreign(name, pathOf(folder, name))
    },
    bitmap(index, bitmap, length) {
      if (index > lastBand) return
      mapped.bitmap(index, bitmap, length, bandSize, index === lastBand ? lastLength : bandSize)
    },
    unreadable(folder, name, why) {
      if (folder === 'bands') mapped.skip(bandIndex(name))
      const member = pathOf(folder, name)
      findings.add(
        'member-unreadable',
        'error',
        `${printable(member)} may not be read, so it was not checked: ${why}`,
        {
          member,
          cure: 'Run as root; on macOS give Full Disk Access to the program that runs LBackup.',
        },
      )
    },
    changed(folder, name, what) {
      if (folder === 'bands') mapped.skip(bandIndex(name))
      const member = pathOf(folder, name)
      const message = `${printable(member)} ${what} while the image was looked at.`
      findings.add('member-changed', 'warning', message, { member, passing: true })
    },
    finish() {
      mapped.finish()
      return {
        findings: findings.all(),
        encryption: token.encryption,
        ...(token.header === undefined ? {} : { uuid: token.header.uuid }),
        counts: { members, bands, possibleBands, shortBands, bytes, virtualBytes },
        ...print.digests(),
        newestChange,
      }
    },
  }

  function judgeToken(): Token {
    if (isIncompleteName(head.name)) {
      const message = 'Time Machine has not finished making this bundle; it renames it when it has.'
      findings.add('image-incomplete', 'warning', message)
    }
    const unknown: Token = { encryption: 'unknown' satisfies Encryption }
    if (head.token.state === 'unreadable') return unknown
    if (head.token.state !== 'read') {
      const code = head.token.state === 'missing' ? 'token-missing' : 'token-invalid'
      findings.add(code, 'error', `The token cannot be used: it is ${head.token.fault}.`, {
        member: 'token' as RawPath,
        cure: 'Bring back the token of an older copy of the same image; an encrypted image cannot be opened without it.',
      })
      return unknown
    }
    const found = readToken(head.token.bytes, findings)
    const { sample } = head
    if (found.encryption === 'none' && sample !== undefined && !looksLikeDisk(sample) && looksEncrypted(sample)) {
      findings.add('token-lost', 'error', 'The token is empty, yet the first band looks encrypted: the key is lost.', {
        member: 'token' as RawPath,
        cure: 'Bring back the token of an older copy of the same image.',
      })
      return unknown
    }
    return found
  }

  function judgeBandsFolder(): void {
    if (head.bands === 'folder' || head.bands === 'unreadable') return
    const what = head.bands === 'missing' ? 'there is none' : 'what stands there is not a folder'
    findings.add('bands-missing', 'error', `The bands folder cannot be used: ${what}.`, { member: 'bands' as RawPath })
  }

  function addHardLinked(member: RawPath, links: number): void {
    const message = `${printable(member)} has ${String(links)} names (hard links); the newest macOS refuses such files.`
    findings.add('member-hard-linked', 'warning', message, { member })
  }

  function topLevel(name: RawPath): void {
    if (isKnownTopLevel(name)) return
    findings.add('extra-member', 'info', `${printable(name)} is ${foreignName(name)}.`, { member: name })
  }

  function foreign(name: RawPath, path: RawPath): void {
    if (isOddBandName(name)) {
      const message = `${printable(path)} is not written as a band's name is (lower case, no leading zeros), so it is never read.`
      const cure = 'If the band of that number is missing, give it its right name; else it is a leftover.'
      findings.add('band-name-odd', 'warning', message, { member: path, cure })
    } else {
      findings.add('foreign-member', 'warning', `${printable(path)} is ${foreignName(name)}.`, { member: path })
    }
  }

  function band(name: RawPath, facts: MemberFacts): void {
    const index = bandIndex(name)
    if (index === undefined) return foreign(name, pathOf('bands', name))
    if (facts.type !== 'file') return addMemberFault(findings, pathOf('bands', name), facts)
    bands += 1
    if (possibleBands === 0) return
    if (index > lastBand) {
      const message = `Band ${printable(name)} lies outside the disk, whose last band is ${bandName(lastBand)}.`
      findings.add('band-out-of-range', 'error', message, { member: pathOf('bands', name), passing: true })
      return
    }
    const room = index === lastBand ? lastLength : bandSize
    if (facts.size > bandSize) {
      const message = `Band ${name} is ${String(facts.size)} bytes long; a band of this image holds ${String(bandSize)}.`
      findings.add('band-overlong', 'error', message, { member: pathOf('bands', name) })
    } else if (facts.size > room) {
      const message = `The last band is ${String(facts.size)} bytes long; the disk ends after ${String(room)}.`
      findings.add('last-band-overlong', 'warning', message, { member: pathOf('bands', name) })
    } else if (facts.size < room) shortBands += 1
    if (facts.size % block !== 0) {
      const message = `Encrypted band ${name} is ${String(facts.size)} bytes long, no whole number of cipher blocks (${String(block)}).`
      findings.add('band-length-odd', 'warning', message, { member: pathOf('bands', name), passing: true })
    }
    mapped.band(index, facts.size)
  }
}

const pathOf = (folder: string, name: RawPath): RawPath => (folder === '' ? name : join(folder as RawPath, name))
