import { randomInt } from 'node:crypto'
import { OperationalError } from '../finding/operational-error.js'
import { emptyBook, readBook, withDrill, writeBook } from '../keep/book.js'
import { scratchFolder } from '../system/scratch.js'
import { closeFolder, openFolder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { imageName } from '../keep/store-layout.js'
import { chosen, copiesNamed } from './choose.js'
import { listCopies, type CopiesRequest, type ListedCopy } from './copies.js'
import { restoreCopy } from './restore.js'

export interface DrillOrder {
  readonly store: CopiesRequest & { readonly stateFolder: RawPath }
  /** undefined: a random one. */
  readonly name: string | undefined
  /** undefined: the system's folder for temporary files. */
  readonly scratch: RawPath | undefined
  readonly progress: (done: number, all: number) => void
}

export interface Drilled {
  readonly ok: boolean
  readonly unchecked: boolean
  /** One sentence. */
  readonly text: string
}

/**
 * Given a slot, or none, restore its newest good copy to a scratch folder, compare every byte with the manifest, remove
 * it whatever happens, and note in the state folder what came of it. Throws OperationalError where there is no copy.
 */
export function drill({ store, name, scratch, progress }: DrillOrder): Drilled {
  const copies = listCopies(store)
  const usual = copies.filter(({ aside }) => aside === undefined)
  const slots = [...new Set(usual.map(({ known }) => known.label.slot))]
  if (slots.length === 0) {
    throw new OperationalError('no-such-copy', 'There is no copy of any image.', 'Let LBackup run once.')
  }
  const copy = chosen(copiesNamed(copies, name ?? (slots[randomInt(slots.length)] as string)), {})
  const drilled = attempt(copy, scratch, progress)
  const { slot, madeAt } = copy.known.label
  const book = readBook(store.stateFolder)
  const known = book === undefined || 'damaged' in book ? emptyBook : book
  const { ok, text } = drilled
  writeBook(store.stateFolder, withDrill(known, slot, { at: new Date().toISOString(), madeAt, ok, text }))
  return drilled
}

function attempt(copy: ListedCopy, scratch: RawPath | undefined, progress: DrillOrder['progress']): Drilled {
  const { label } = copy.known
  const what = `${label.path} of ${label.madeAt}, from ${copy.placeName}`
  const folder = scratchFolder(scratch)
  try {
    const restored = restoreCopy({ copy, to: join(folder, imageName(label)), progress })
    const more = restored.findings.map(({ message }) => ` ${message}`).join('')
    const said = restored.unchecked === undefined ? 'and every byte is right' : `but not checked: ${restored.unchecked}`
    const unchecked = restored.unchecked !== undefined || restored.findings.length > 0
    return { ok: true, unchecked, text: `${what}, could be restored, ${said}.${more}` }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { ok: false, unchecked: true, text: `${what}, could not be restored. ${error.message}` }
  } finally {
    remove(folder)
  }
}

function remove(folder: RawPath): void {
  const held = openFolder(parent(folder))
  try {
    removeTreeIn(held, baseName(folder))
  } finally {
    closeFolder(held)
  }
}
