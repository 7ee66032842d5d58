import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { emptyBook, withCopy, writeBook } from '../../../lib/keep/book.js'
import { sectionMark } from '../../../lib/keep/section-mark.js'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import type { Container } from '../../../lib/image/image.js'
import type { Manifest } from '../../../lib/manifest/manifest-type.js'
import { writeManifest } from '../../../lib/prove/manifest-file.js'
import { prove } from '../../../lib/prove/prove.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import { closeFolder, openFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../../support/image-writer/sparse-image.js'
import { temporaryFolder } from '../../support/temporary.js'

export const slot = 'bob-1'
export const madeAt = (number: number): string => `2026-01-0${String(9 - number)}T03:00:00.000Z`

export interface RestoreLab {
  readonly folder: string
  readonly destination: string
  readonly stateFolder: string
  /** Where nothing is yet. */
  readonly to: string
  /** Of the store: kept/SLOT. */
  readonly kept: string
  /** The image in Section.N, or in a generation of the store. */
  image(place: number | string): string
}

export interface LabOptions {
  readonly container?: Container
  /** Of a bundle: whether it has bitmaps. Default: true. */
  readonly mapped?: boolean
  /** Changes the manifest before it is written. */
  readonly change?: (manifest: Manifest) => void
  /** Sections that hold a copy, Section.0 the newest, one day apart. Default: one. */
  readonly sections?: number
  /** A generation of the store that holds one more, older than all. */
  readonly generation?: string
}

/** Makes sections with copies that were proven, each with a manifest, a label and its place in the book. */
export async function restoreLab(options: LabOptions = {}): Promise<RestoreLab> {
  const { container = 'sparse-bundle', sections = 1, generation } = options
  const folder = temporaryFolder()
  const [destination, stateFolder] = [join(folder, 'destination'), join(folder, 'state')]
  const kept = join(destination, '.lbackup-filevault/kept', slot)
  const name = container === 'sparse-bundle' ? 'bob.sparsebundle' : 'bob.sparseimage'
  const holder = (place: number | string): string =>
    typeof place === 'number' ? join(destination, `Section.${String(place)}`) : join(kept, place)
  const image = (place: number | string): string =>
    join(holder(place), typeof place === 'number' ? `source/bob/${name}` : name)
  mkdirSync(stateFolder, { mode: 0o700 })
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  let book = emptyBook
  const places = [...Array(sections).keys(), ...(generation === undefined ? [] : [generation])]
  for (const [at, place] of places.entries()) {
    const ours = typeof place === 'number' ? join(holder(place), '.lbackup-filevault') : holder(place)
    mkdirSync(join(image(place), '..'), { recursive: true })
    mkdirSync(ours, { recursive: true, mode: 0o700 })
    if (container === 'sparse-image') writeSparseImage(image(place), { seed: String(at), slots: [0, 1, 2] })
    else
      writeSparseBundle(image(place), {
        seed: String(at),
        mapped: options.mapped ?? true,
        bands: [0, 1, 2].map((index) => ({ index, length: 8192 })),
      })
    const label = labelOf(container, name, at, typeof place === 'number')
    const manifest = await manifestOf(image(place), container)
    options.change?.(manifest)
    const held = openFolder(fromText(ours))
    const digests = writeManifest(held, slot, manifest, label)
    closeFolder(held)
    const found = readSections(fromText(destination)).sections.find(({ number }) => number === place)
    book = withCopy(book, {
      label: { ...label, schema: 'copy/1', slot, manifest: digests },
      place: found === undefined ? { generation: String(place) } : { section: sectionMark(found) },
    })
  }
  writeBook(fromText(stateFolder), book)
  return { folder, destination, stateFolder, to: join(folder, 'restored'), kept, image }
}

async function manifestOf(path: string, container: Container): Promise<Manifest> {
  const { manifest } = await prove({
    source: fromText(path),
    copy: fromText(path),
    container,
    lookedBefore: 0,
    copiedBefore: Date.now() + 60_000,
    still: true,
    trusted: [],
    granularity: 1,
    deadline: Infinity,
    readers: 1,
  })
  return manifest
}

const labelOf = (
  container: Container,
  name: string,
  at: number,
  inSection: boolean,
): Omit<CopyLabel, 'schema' | 'slot' | 'manifest'> => ({
  run: `run-${String(at)}`,
  madeAt: madeAt(at),
  verdict: 'proven',
  reason: 'every byte equals the image',
  identity: null,
  user: 'bob',
  ownerUid: process.getuid?.() ?? 0,
  path: `/Users/bob/${name}`,
  copyPath: inSection ? `source/bob/${name}` : '',
  container,
  bytes: 1,
  members: 1,
  older: false,
})
