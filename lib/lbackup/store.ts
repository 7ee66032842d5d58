import { randomUUID } from 'node:crypto'
import { readFileIfPresent, realPath, replaceFile } from '../system/file.js'
import { createExclusively } from '../system/exclusive-file.js'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { openOwnFolder } from './own-folder.js'

/**
 * `known`: the disk carries the id we remember. `new`: neither disk nor state knew one; it was made. `adopted`: the disk
 * carries an id, we remember none (our state was lost, or another configuration uses this disk too). `missing`: the
 * folder or its id is not there. `different`: another id.
 */
export interface StoreCheck {
  readonly result: 'known' | 'new' | 'adopted' | 'missing' | 'different'
  /** The id on the disk; absent where there is none. */
  readonly id?: string
}

/** Given LBackup's backupDest, return our folder on the backup disk. */
export const storeFolder = (backupDest: RawPath): RawPath => join(backupDest, '.lbackup-filevault')

/**
 * Given LBackup's backupDest and the id remembered from earlier runs, say whether this is the backup disk we know; on a
 * disk without an id, where we remember none, one is written unless `make` is false. Throws OperationalError where our
 * folder there is unsafe, or its id cannot be read or written.
 */
export function checkStore(
  backupDest: RawPath,
  known: string | undefined,
  options: { make?: boolean } = {},
): StoreCheck {
  if (realPath(backupDest) === undefined) return { result: 'missing' }
  const found = readStoreId(storeFile(backupDest))
  if (found !== undefined) {
    return { result: known === undefined ? 'adopted' : known === found ? 'known' : 'different', id: found }
  }
  if (known !== undefined) return { result: 'missing' }
  if (options.make === false) return { result: 'new' }
  // The owner is not looked at: a volume may map every owner to one (NFS, "ignore ownership").
  openOwnFolder(storeFolder(backupDest), { anyOwner: true })
  const id = randomUUID()
  if (createExclusively(storeFile(backupDest), storeText(id))) return { result: 'new', id }
  return checkStore(backupDest, undefined, { make: false })
}

/** Given the state folder, return the store id remembered there, or undefined. */
export const rememberedStore = (stateFolder: RawPath): string | undefined =>
  readStoreId(join(stateFolder, 'store.json'))

/** Given the state folder and a store id, remember it for the next runs. */
export function rememberStore(stateFolder: RawPath, id: string): void {
  replaceFile(join(stateFolder, 'store.json'), storeText(id))
}

/** Given the disk, our state and what came of `checkStore`, throw the OperationalError with which a pre hook halts, unless the disk is fine. */
export function refuseWrongStore(backupDest: RawPath, stateFolder: RawPath, check: StoreCheck): void {
  if (check.result !== 'missing' && check.result !== 'different') return
  const why = check.result === 'missing' ? 'our mark is not on it' : 'it carries the mark of another backup disk'
  throw new OperationalError(
    `backup-disk-${check.result}`,
    `The backup disk is not mounted, or not the one we know: ${why} (${printable(storeFile(backupDest))}).`,
    `Mount the backup disk before BACKUP-850-filevault runs. Only if this is a new disk on purpose, remove ${printable(join(stateFolder, 'store.json'))}.`,
  )
}

const storeFile = (backupDest: RawPath): RawPath => join(storeFolder(backupDest), 'store.json')
const storeText = (id: string): string => `${JSON.stringify({ schema: 'store/1', id })}\n`

function readStoreId(path: RawPath): string | undefined {
  const file = readFileIfPresent(path, 64 * 1024)
  if (file === undefined) return undefined
  const id = parsedId(file.bytes.toString('utf8'))
  if (id !== undefined) return id
  throw new OperationalError(
    'store-unreadable',
    `${printable(path)} holds no store id.`,
    'Put it back from another copy. Remove it only if no kept copy of this disk is needed.',
  )
}

function parsedId(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id) ? id : undefined
  } catch {
    return undefined
  }
}
