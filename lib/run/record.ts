import { Buffer } from 'node:buffer'
import type { RunRecord } from '../generated/run.js'
import type { Status } from '../generated/status.js'
import type { Report, ReportedFinding } from '../generated/report.js'
import { validateRun, validateStatus, type Validator } from '../generated/validators.js'
import { isTooLarge, readFileIfPresent, replaceFile } from '../system/file.js'
import { fairShare } from '../text/fair-share.js'
import { count, size } from '../text/measure.js'
import { join, type RawPath } from '../text/raw-path.js'

const mostBytes = 64 * 1024 * 1024

/** What a document in the state folder is when it cannot be used: damaged or of another version; said, never trusted. */
export interface Damaged {
  readonly damaged: string
}

/** Given the state folder, return what the last pre hook recorded; undefined: nothing yet. */
export const readRecord = (stateFolder: RawPath): RunRecord | Damaged | undefined =>
  readDocument<RunRecord>(join(stateFolder, 'run.json'), validateRun)

/** Given the state folder, return the status of the last runs; undefined: nothing yet. */
export const readStatus = (stateFolder: RawPath): Status | Damaged | undefined =>
  readDocument<Status>(join(stateFolder, 'status.json'), validateStatus)

export const writeRecord = (stateFolder: RawPath, record: RunRecord): void => write(stateFolder, 'run.json', record)
export const writeStatus = (stateFolder: RawPath, status: Status): void => write(stateFolder, 'status.json', status)
export const writeReport = (stateFolder: RawPath, report: Report): void => write(stateFolder, 'report.json', report)

export const isDamaged = (document: object | undefined): document is Damaged =>
  document !== undefined && 'damaged' in document

function readDocument<Document>(path: RawPath, validate: Validator): Document | Damaged | undefined {
  try {
    const file = readFileIfPresent(path, mostBytes)
    if (file === undefined) return undefined
    const document: unknown = JSON.parse(file.bytes.toString('utf8'))
    return validate(document) ? (document as Document) : { damaged: 'it does not have the expected form' }
  } catch (error) {
    if (isTooLarge(error)) return { damaged: `it has more than ${size(mostBytes)}` }
    if (error instanceof SyntaxError) return { damaged: 'it is no JSON document' }
    throw error
  }
}

function write(stateFolder: RawPath, name: string, document: RunRecord | Status | Report): void {
  const text = JSON.stringify(document, undefined, 1)
  replaceFile(join(stateFolder, name), `${Buffer.byteLength(text) < mostBytes ? text : JSON.stringify(document)}\n`)
}

/** Given how many entries a document has no room for, and its name, return what is to be said. */
export const tooMany = (leftOut: number, name: string): ReportedFinding[] =>
  leftOut === 0
    ? []
    : [
        {
          code: 'images-too-many',
          severity: 'warning',
          message: `${count(leftOut, 'image')} of users who have most of them ${leftOut === 1 ? 'has' : 'have'} no room in ${name}; nothing is known of ${leftOut === 1 ? 'it' : 'them'} later.`,
          cure: 'Look with lbackup-filevault discover for a user who has very many images.',
        },
      ]

/** What the other parts of a document may still grow by until it is written last. */
const spare = 64 * 1024

/**
 * Given a document and the name of its list, return it with as much of the list as is read again, and how many entries
 * are left out. One user's very many cost nobody else an entry.
 */
export function fitted<
  Key extends string,
  Document extends Readonly<Record<Key, readonly { readonly user: string }[]>>,
>(document: Document, key: Key): { readonly document: Document; readonly leftOut: number } {
  const bytes = (part: object): number => Buffer.byteLength(JSON.stringify(part)) + 1
  const all = document[key]
  const rest = bytes({ ...document, [key]: [] }) + spare
  const sizes = new Map(all.map((entry) => [entry, bytes(entry)]))
  const sizeOf = (entry: { readonly user: string }): number => sizes.get(entry) ?? 0
  if (all.reduce((sum, entry) => sum + sizeOf(entry), rest) <= mostBytes) return { document, leftOut: 0 }
  const kept = fairShare<{ readonly user: string }>(all, sizeOf, mostBytes - rest)
  return { document: { ...document, [key]: kept }, leftOut: all.length - kept.length }
}
