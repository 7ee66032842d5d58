import { validateWaiting } from '../generated/validators.js'
import type { WaitingRecord } from '../generated/waiting.js'
import { isAlive } from '../lbackup/process-chain.js'
import { isTooLarge, readFileIfPresent, removeFile, replaceFile } from '../system/file.js'
import type { System } from '../system/system.js'
import { join, type RawPath } from '../text/raw-path.js'

const mostBytes = 16 * 1024 * 1024

const waitingPath = (stateFolder: RawPath): RawPath => join(stateFolder, 'waiting.json')

/** Given the state folder and what is waited for, write it down. Throws OperationalError. */
export function writeWaiting(stateFolder: RawPath, record: WaitingRecord): void {
  replaceFile(waitingPath(stateFolder), `${JSON.stringify(record, undefined, 1)}\n`)
}

/** Given the state folder, remove what was written down, by this hook or by one that was killed. Throws OperationalError. */
export const removeWaiting = (stateFolder: RawPath): void => removeFile(waitingPath(stateFolder))

/** Given the machine and the state folder, return what is waited for now; undefined: nothing, or the hook that waited is gone. */
export async function readWaiting(system: System, stateFolder: RawPath): Promise<WaitingRecord | undefined> {
  const record = read(stateFolder)
  return record !== undefined && (await isAlive(system, record.process)) ? record : undefined
}

function read(stateFolder: RawPath): WaitingRecord | undefined {
  try {
    const file = readFileIfPresent(waitingPath(stateFolder), mostBytes)
    const document: unknown = file && JSON.parse(file.bytes.toString('utf8'))
    return validateWaiting(document) ? (document as WaitingRecord) : undefined
  } catch (error) {
    if (isTooLarge(error) || error instanceof SyntaxError) return undefined
    throw error
  }
}
