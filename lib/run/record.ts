import { Buffer } from 'node:buffer'
import type { RunRecord } from '../generated/run.js'
import type { Status } from '../generated/status.js'
import type { Report } from '../generated/report.js'
import { validateRun, validateStatus, type Validator } from '../generated/validators.js'
import { isTooLarge, readFileIfPresent, replaceFile } from '../system/file.js'
import { size } from '../text/measure.js'
import { join, type RawPath } from '../text/raw-path.js'

/** What is written is read again: neither is ever more. */
export const mostBytes = 64 * 1024 * 1024

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
