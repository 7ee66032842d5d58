import { mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { CopyLabel } from '../../../lib/generated/copy.js'
import { emptyBook, withCopy, writeBook } from '../../../lib/keep/book.js'
import { sectionMark } from '../../../lib/keep/section-mark.js'
import { readSections } from '../../../lib/lbackup/sections.js'
import { writeManifest } from '../../../lib/prove/manifest-file.js'
import { withFolder } from '../../../lib/system/folder.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'
import { manifestOf } from '../manifest/support.js'

/** Of the section's folders, in seconds. */
export const longAgo = 1_600_000_000

export interface SeedLab {
  readonly folder: string
  readonly destination: string
  readonly stateFolder: string
  /** The copy in Section.0. */
  readonly image: string
}

/** Makes Section.0 with a proven copy of bob's image and its place in the book, and an empty Section.1. */
export function seedLab(): SeedLab {
  const folder = temporaryFolder()
  const [destination, stateFolder] = [join(folder, 'destination'), join(folder, 'state')]
  const copyPath = 'source/bob/bob.sparsebundle'
  const [zero, image] = [join(destination, 'Section.0'), join(destination, 'Section.0', copyPath)]
  const ours = join(zero, '.lbackup-filevault')
  for (const made of [stateFolder, join(destination, '.lbackup-filevault'), ours, join(destination, 'Section.1')]) {
    mkdirSync(made, { recursive: true, mode: 0o700 })
  }
  mkdirSync(join(image, '..'), { recursive: true })
  writeSparseBundle(image, { mapped: true, bands: [0, 1, 2].map((index) => ({ index, length: 8192 })) })
  const label: Omit<CopyLabel, 'schema' | 'slot' | 'manifest'> = {
    run: 'run-0',
    madeAt: '2026-01-09T03:00:00.000Z',
    verdict: 'proven',
    reason: 'every byte equals the image',
    identity: 'uuid:1',
    user: 'bob',
    ownerUid: process.getuid?.() ?? 0,
    path: '/Users/bob/bob.sparsebundle',
    copyPath,
    container: 'sparse-bundle',
    bytes: 1,
    members: 1,
    older: false,
  }
  const manifest = withFolder(fromText(ours), (held) => writeManifest(held, 'bob-1', manifestOf(image), label))
  const known = { ...label, schema: 'copy/1' as const, slot: 'bob-1', manifest }
  const section = readSections(fromText(destination)).sections[0]
  if (section === undefined) throw new Error('there is no section')
  writeBook(fromText(stateFolder), withCopy(emptyBook, { label: known, place: { section: sectionMark(section) } }))
  for (const made of ['source', '.']) utimesSync(join(zero, made), longAgo, longAgo)
  return { folder, destination, stateFolder, image }
}
