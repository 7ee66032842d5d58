import { OperationalError } from '../finding/operational-error.js'
import { validateStaging } from '../generated/validators.js'
import { readFileIfPresent, removeFile, replaceFile } from '../system/file.js'
import type { Stats } from '../system/folder-looks.js'
import type { Folder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { NotedFolder, StagedEntry, StagingBook } from './staging-type.js'

const mostBytes = 16 * 1024 * 1024
/** Folders that never come back are forgotten in the end. */
const mostAside = 8

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

/** Given the state folder and a book, write it; one that tells of nothing is removed. Throws OperationalError. */
export function writeStaging(stateFolder: RawPath, book: StagingBook): void {
  if (!tells(book) && book.aside === undefined) removeFile(bookPath(stateFolder))
  else replaceFile(bookPath(stateFolder), `${JSON.stringify(book, undefined, 1)}\n`)
}

/** A staging folder; at the path of one whose volume is not mounted stands another. */
export type StagingPlace = Pick<NotedFolder, 'folder' | 'inode'>

/** Given the path and stats of a staging folder, return what tells it from others. Device numbers differ after a mount. */
export const stagingPlace = (path: RawPath, { ino }: Pick<Stats, 'ino'>): StagingPlace => ({
  folder: printable(path),
  inode: ino,
})

/** Given a book, if there is any, and a place, return what stands in that very folder. */
export const notedIn = (book: StagingBook | undefined, place: StagingPlace): NotedFolder =>
  foldersOf(book).find((one) => isAt(one, place)) ?? { ...place, run: null, entries: [] }

/**
 * Given the state folder and the held staging folder, let the book be of that very folder from now on and return it; what
 * is noted of another one is put aside until that is there again. Throws OperationalError.
 */
export function turnTo(stateFolder: RawPath, { path, stats }: Folder): StagingBook {
  const before = readStaging(stateFolder)
  const place = stagingPlace(path, stats)
  if (before !== undefined && isAt(before, place)) return before
  const others = foldersOf(before).filter((one) => !isAt(one, place) && tells(one))
  const aside = others.slice(0, mostAside)
  const book: StagingBook = {
    schema: 'staging/1',
    ...notedIn(before, place),
    ...(aside.length > 0 ? { aside } : {}),
  }
  writeStaging(stateFolder, book)
  return book
}

/**
 * Given the state folder and the held staging folder, note that a run (null: none) is about to make something there: what
 * it leaves if it dies is known by that. Throws OperationalError.
 */
export function noteMaking(stateFolder: RawPath, staging: Folder, run: string | null): void {
  const book = turnTo(stateFolder, staging)
  writeStaging(stateFolder, { ...book, run: run ?? book.run, making: true })
}

/** Given the state folder and the held staging folder, note that nothing is being made there. Throws OperationalError. */
export function noteMade(stateFolder: RawPath, staging: Folder): void {
  const { making, ...book } = turnTo(stateFolder, staging)
  if (making === true) writeStaging(stateFolder, book)
}

function foldersOf(book: StagingBook | undefined): readonly NotedFolder[] {
  if (book === undefined) return []
  const { folder, inode, run, entries, making = false, aside = [] } = book
  return [{ folder, inode, run, entries, ...(making ? { making } : {}) }, ...aside]
}

const isAt = (one: StagingPlace, other: StagingPlace): boolean =>
  one.folder === other.folder && one.inode === other.inode

const tells = ({ entries, making }: NotedFolder): boolean => entries.length > 0 || making === true

/** Given the state folder, the held staging folder and the run (null: none), note an entry of ours. Throws OperationalError. */
export function note(
  {
    stateFolder,
    staging,
    run,
  }: { readonly stateFolder: RawPath; readonly staging: Folder; readonly run: string | null },
  entry: StagedEntry,
): void {
  const book = turnTo(stateFolder, staging)
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
