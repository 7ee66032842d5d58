import type { RawPath } from '../text/raw-path.js'
import { size } from '../text/measure.js'
import type { StructureOptions } from './bundle-structure.js'
import { looksEncrypted, sampleLength } from './content-sniff.js'
import { readV1Header, readV2Header, v1Length, type EncryptionHeader } from './encryption-header.js'
import { findingList, type FindingList } from './finding-list.js'
import { fingerprint, type MemberFacts } from './fingerprint.js'
import { recogniseFile, tailLength } from './format.js'
import type { Encryption } from './image.js'
import { readSparseImageIndex, type Read } from './sparse-image-index.js'
import type { Structure, StructureCounts } from './structure-type.js'
import { addHeaderProblems } from './token.js'

const longestHeader = 1024 * 1024

interface Reading {
  readonly encryption: Encryption
  readonly header?: EncryptionHeader
  readonly counts?: Pick<StructureCounts, 'bands' | 'possibleBands' | 'virtualBytes'>
}

/**
 * Given a sparse image's name, what was seen of its file, a way to read it, and options, return its structure. Of an
 * encrypted one only the header and the file's length can be judged without the key. Errors of `read` pass through.
 */
export function checkSparseImage(name: RawPath, facts: MemberFacts, read: Read, options: StructureOptions): Structure {
  const findings = findingList(options.inUse)
  if (options.linksAreNews === true && facts.links > 1) {
    const message = `The file has ${String(facts.links)} names (hard links); the newest macOS refuses such files.`
    findings.add('member-hard-linked', 'warning', message, { member: name })
  }
  const { encryption, header, counts } = readByFormat(name, facts.size, read, findings)
  const print = fingerprint()
  print.add(name, facts)
  return {
    findings: findings.all(),
    encryption,
    ...(header === undefined ? {} : { uuid: header.uuid }),
    counts: { members: 1, bands: 0, possibleBands: 0, shortBands: 0, virtualBytes: 0, bytes: facts.size, ...counts },
    ...print.digests(),
    newestChange: facts.modified,
  }
}

function readByFormat(name: RawPath, length: number, read: Read, findings: FindingList): Reading {
  const head = read(0, sampleLength)
  const tailAt = Math.max(0, length - tailLength)
  const format = recogniseFile(head, read(tailAt, length - tailAt))
  switch (format) {
    case 'sparse-image':
      return plain(name, length, read, findings)
    case 'encrypted-v2':
      return encryptedV2(name, length, read, findings)
    case 'encrypted-v1':
      return encryptedV1(name, length, read, findings)
    case 'none':
      return unrecognised(name, looksEncrypted(head), length, findings)
    default: {
      const message = `The file is another kind of disk image (${format}), whatever its name says.`
      findings.add('image-kind-other', 'error', message, { member: name })
      return { encryption: 'unknown' }
    }
  }
}

function plain(member: RawPath, length: number, read: Read, findings: FindingList): Reading {
  const index = readSparseImageIndex(read, length)
  for (const { code, message, passing } of index.problems) findings.add(code, 'error', message, { member, passing })
  const { expectedLength, bandBytes, virtualBytes, usedSlots: bands } = index
  if (bandBytes > 0) judgeLength('sparse-image', member, length, expectedLength, findings)
  const possibleBands = bandBytes === 0 ? 0 : Math.ceil(virtualBytes / bandBytes)
  return { encryption: 'none', counts: { bands, possibleBands, virtualBytes } }
}

function encryptedV2(member: RawPath, length: number, read: Read, findings: FindingList): Reading {
  const { header: first } = readV2Header(read(0, sampleLength))
  const headerLength = Math.min(longestHeader, length, first?.dataOffset ?? 0)
  const { header, problems } = readV2Header(read(0, Math.max(sampleLength, headerLength)))
  addHeaderProblems(problems, 'file', member, findings)
  if (header === undefined || problems.length > 0) return { encryption: 'v2', ...(header && { header }) }
  if (header.dataLength === 0) {
    const message = 'The header gives no length of the data: the image is in use, or the Mac crashed while it was.'
    findings.add('encrypted-length-unset', 'warning', message, { member, passing: true })
  } else {
    const blocks = Math.ceil(header.dataLength / header.blockSize)
    judgeLength('encrypted-image', member, length, header.dataOffset + blocks * header.blockSize, findings)
  }
  return { encryption: 'v2', header }
}

function encryptedV1(member: RawPath, length: number, read: Read, findings: FindingList): Reading {
  const { header, problems } = readV1Header(read(Math.max(0, length - v1Length), v1Length))
  addHeaderProblems(problems, 'file', member, findings)
  if (header === undefined) return { encryption: 'v1' }
  if (problems.length === 0) judgeLength('encrypted-image', member, length, header.dataLength + v1Length, findings)
  return { encryption: 'v1', header }
}

function unrecognised(member: RawPath, encrypted: boolean, length: number, findings: FindingList): Reading {
  const cure = 'Take the image from an older copy.'
  if (encrypted) {
    const message =
      'The file holds no header of an image, but looks encrypted: the header or the end of the file, where the keys are, is lost.'
    findings.add('encryption-header-lost', 'error', message, { member, cure })
  } else {
    const what = length === 0 ? 'is empty' : 'does not begin as a sparse image does'
    findings.add('image-unrecognised', 'error', `The file ${what}.`, { member, cure })
  }
  return { encryption: 'unknown' }
}

function judgeLength(
  what: 'sparse-image' | 'encrypted-image',
  member: RawPath,
  length: number,
  expected: number,
  findings: FindingList,
): void {
  if (length === expected) return
  const numbers = `it is ${String(length)} bytes long (${size(length)}) where ${String(expected)} belong`
  if (length < expected) {
    findings.add(`${what}-truncated`, 'error', `The end of the file is missing: ${numbers}.`, { member, passing: true })
  } else {
    const message = `The file is longer than its contents: ${numbers}; a crash of the Mac leaves it like this.`
    findings.add(`${what}-overlong`, 'warning', message, { member, passing: true })
  }
}
