import { Buffer } from 'node:buffer'
import { isDictionary, parsePlist, type PlistValue } from '../image/plist.js'
import { printable } from '../text/printable.js'
import { baseName, fromBytes, fromText, join, parent, type RawPath } from '../text/raw-path.js'
import type { FileVaultAccount } from './session.js'

/** More than this is no answer of dscl: an account takes about 300 bytes. */
export const directoryLimitBytes = 32 * 1024 * 1024

/**
 * Given the output of `dscl -plist . -readall /Users NFSHomeDirectory HomeDirectory`, return the FileVault accounts:
 * those whose `HomeDirectory` is `<home_dir><url>file://localhost/…sparsebundle</url></home_dir>`. A network home has
 * the attribute too, with another scheme. Assumed: no capture of such an account was at hand. Where the hidden home is
 * not named by the URL it is `.NAME` beside the home until it has been seen. Throws OperationalError `plist-invalid`.
 */
export function parseDirectory(output: Buffer): FileVaultAccount[] {
  const records = parsePlist(output, directoryLimitBytes)
  return Array.isArray(records) ? (records as PlistValue[]).flatMap(account) : []
}

function account(record: PlistValue): FileVaultAccount[] {
  const user = attribute(record, 'RecordName')
  const image = imagePath(attribute(record, 'HomeDirectory') ?? '')
  const home = attribute(record, 'NFSHomeDirectory')
  if (user === undefined || image === undefined || home?.startsWith('/') !== true) return []
  const path = fromText(home)
  const folder = parent(image)
  const hiddenHome = baseName(folder).startsWith('.') ? folder : join(parent(path), `.${baseName(path)}`)
  return [{ user: printable(fromText(user)), home: path, hiddenHome, imageName: baseName(image), source: 'directory' }]
}

function attribute(record: PlistValue, name: string): string | undefined {
  if (!isDictionary(record)) return undefined
  const value = record[`dsAttrTypeStandard:${name}`] ?? record[name]
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}

/** The path in the URL, per cent signs resolved to bytes; undefined for any but a sparse image on this machine. */
function imagePath(homeDirectory: string): RawPath | undefined {
  const path = /<url>\s*file:\/\/(?:localhost)?(\/[^<\s]*)\s*<\/url>/u.exec(homeDirectory)?.[1]
  if (path === undefined) return undefined
  const bytes = path
    .split(/%([0-9A-Fa-f]{2})/u)
    .map((part, at) => (at % 2 === 1 ? Buffer.from(part, 'hex') : Buffer.from(part, 'utf8')))
  const image = fromBytes(Buffer.concat(bytes))
  return /\.sparse(bundle|image)\/?$/u.test(image) ? image : undefined
}
