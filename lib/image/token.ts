import type { Buffer } from 'node:buffer'
import type { Encryption } from './image.js'
import { allZero } from './content-sniff.js'
import { readV1Header, readV2Header, v1Length, type EncryptionHeader } from './encryption-header.js'
import type { FindingList } from './finding-list.js'
import type { RawPath } from '../text/raw-path.js'

/** What a bundle's token says. */
export interface Token {
  readonly encryption: Encryption
  readonly header?: EncryptionHeader
}

const member = 'token' as RawPath
const lost =
  'Bring back the token of an older copy of the same image; without it the image cannot be opened by anybody. ' +
  'Never put an empty token in its place.'

/**
 * Given the bytes of a bundle's `token`, return what it is, with every fault added to the findings: empty = not
 * encrypted, begins `encrcdsa` = v2, ends `cdsaencr` = v1, anything else is damaged. Sources: VileFault samples and
 * logs of 10.5, the john-samples README for Apple's own length check.
 */
export function readToken(bytes: Buffer, findings: FindingList): Token {
  if (bytes.length === 0) return { encryption: 'none' }
  if (bytes.toString('latin1', 0, 8) === 'encrcdsa') return v2Token(bytes, findings)
  if (bytes.toString('latin1', bytes.length - 8) === 'cdsaencr') return v1Token(bytes, findings)
  const what = allZero(bytes) ? 'holds nothing but zeros' : 'is neither empty nor an encryption header'
  findings.add('token-invalid', 'error', `The token ${what}; an encrypted image needs it to be opened.`, {
    member,
    cure: lost,
  })
  return { encryption: 'unknown' }
}

/** Given the UUID-bearing bytes of a token, at least its first 52 (v2) or last 1276 (v1), return the UUID in it. */
export function tokenUuid(bytes: Buffer): string | undefined {
  if (bytes.toString('latin1', 0, 8) === 'encrcdsa') return readV2Header(bytes).header?.uuid
  if (bytes.length >= v1Length && bytes.toString('latin1', bytes.length - 8) === 'cdsaencr') {
    return readV1Header(bytes.subarray(bytes.length - v1Length)).header?.uuid
  }
  return undefined
}

function v2Token(bytes: Buffer, findings: FindingList): Token {
  const { header, problems } = readV2Header(bytes)
  addHeaderProblems(problems, 'token', member, findings)
  if (header === undefined) return { encryption: 'v2' }
  if (header.dataOffset !== bytes.length) wrongLength(bytes.length, header.dataOffset, findings)
  if (problems.length === 0 && !allZero(bytes.subarray(header.keysEnd))) {
    const message = 'The token holds data behind its last key, where every known token holds zeros.'
    findings.add('token-padding-dirty', 'warning', message, { member })
  }
  return { encryption: 'v2', header }
}

function v1Token(bytes: Buffer, findings: FindingList): Token {
  if (bytes.length !== v1Length) wrongLength(bytes.length, v1Length, findings)
  const { header, problems } = readV1Header(bytes.subarray(Math.max(0, bytes.length - v1Length)))
  addHeaderProblems(problems, 'token', member, findings)
  return header === undefined ? { encryption: 'v1' } : { encryption: 'v1', header }
}

function wrongLength(found: number, expected: number, findings: FindingList): void {
  const message = `The token is ${String(found)} bytes long; its header asks for ${String(expected)}.`
  findings.add('token-length-wrong', 'error', message, { member, cure: lost })
}

/** Given what is wrong with an encryption header, add it to the findings in one sentence. */
export function addHeaderProblems(
  problems: readonly string[],
  where: string,
  name: RawPath,
  findings: FindingList,
): void {
  if (problems.length === 0) return
  const message = `The encryption header in the ${where} is damaged: ${problems.slice(0, 5).join('; ')}.`
  findings.add('encryption-header-damaged', 'error', message, { member: name, cure: lost })
}
