import { OperationalError } from '../finding/operational-error.js'
import { validateStaging } from '../generated/validators.js'
import type { Folder } from '../system/folder.js'
import { readFileIfPresent, removeFile, replaceFile } from '../system/file.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { StagedEntry, StagingBook } from './staging-type.js'

const mostBytes = 16 * 1024 * 1024

const bookPath = (stateFolder: RawPath): RawPath => join(stateFolder, 'staging.json')

/**
 * Given the state folder, return what of ours stands in the staging folder; undefined: nothing. Throws OperationalError
 * where that cannot be used: then nobody knows what there is ours.
 */
export function readStaging(stateFolder: RawPath): StagingBook | undefined {
  const path = bookPath(stateFolder)
  const file = readFileIfPresent(path, mostBytes)
  if (file === undefined) return undefined
  const book = parsed(file.bytes.toString('utf8'))
  if (validateStaging(book)) return book as StagingBook
  throw new OperationalError(
    'staging-book-damaged',
    `${printable(path)} cannot be used, so it is not known what in the staging folder is ours.`,
    'Empty the staging folder by hand, unmounting first what is mounted below it; then remove that file.',
  )
}

/** Given the state folder and a book, write it; one without entries is removed. Throws OperationalError. */
export function writeStaging(stateFolder: RawPath, book: StagingBook): void {
  if (book.entries.length === 0) removeFile(bookPath(stateFolder))
  else replaceFile(bookPath(stateFolder), `${JSON.stringify(book, undefined, 1)}\n`)
}

/** Given the state folder, the held staging folder and the run (null: none), note an entry of ours. Throws OperationalError. */
export function note(
  {
    stateFolder,
    staging,
    run,
  }: { readonly stateFolder: RawPath; readonly staging: Folder; readonly run: string | null },
  entry: StagedEntry,
): void {
  const book = readStaging(stateFolder) ?? { schema: 'staging/1', folder: printable(staging.path), entries: [] }
  writeStaging(stateFolder, withEntry({ ...book, run }, entry))
}

/** Given a book and an entry, return the book with it instead of the one of its name. */
export const withEntry = (book: StagingBook, entry: StagedEntry): StagingBook => ({
  ...book,
  entries: [...book.entries.filter(({ name }) => name !== entry.name), entry],
})

/** Given a book and a name, return the book without that entry. */
export const withoutEntry = (book: StagingBook, name: string): StagingBook => ({
  ...book,
  entries: book.entries.filter((entry) => entry.name !== name),
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
