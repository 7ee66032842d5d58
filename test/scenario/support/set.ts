import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../../lib/generated/report.js'
import { content } from '../../support/image-writer/content.js'
import { writeSparseBundle, type BundleShape } from '../../support/image-writer/sparse-bundle.js'
import { imageDigest } from '../../support/mac/index.js'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab, type LabOptions } from '../../support/session/index.js'

/** Bundles in bob's home, and the backup set that is made of them. */
export interface BackupSet {
  readonly lab: Lab
  readonly stateFolder: string
  /** The image of that name, without its suffix. */
  image(name?: string): string
  /** Its copy in a section. */
  copy(name?: string, section?: number): string
  /** Every copy of it that stands, in sections and store. */
  copies(name?: string): string[]
}

export interface SetOptions extends LabOptions {
  readonly names?: readonly string[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly folder?: string
  readonly shape?: BundleShape
}

const bandLength = 8192
/** Long past, so that nothing lies within rsync's window by accident. */
const longAgo = 1_600_000_000

/** Given names, make a home with such bundles and a set that both hooks protect. */
export function backupSet({ folder, ...options }: SetOptions = {}): BackupSet {
  return setIn(makeLab(options, folder), options)
}

/** As `backupSet`, in a lab that was made. */
export function setIn(lab: Lab, { names = ['bob'], config = {}, shape }: SetOptions = {}): BackupSet {
  const image = (name = 'bob'): string => join(lab.source, 'bob', `${name}.sparsebundle`)
  const inSection = (name: string, section: string): string =>
    join(lab.destination, section, 'source/bob', `${name}.sparsebundle`)
  mkdirSync(join(lab.source, 'bob'), { recursive: true })
  for (const name of names) writeImage(image(name), name, shape)
  return {
    lab,
    stateFolder: protect(lab, config),
    image,
    copy: (name = 'bob', section = 0) => inSection(name, `Section.${String(section)}`),
    copies(name = 'bob') {
      const sections = lab.sections().map((section) => inSection(name, section))
      return [...sections, ...keptCopies(lab, `${name}.sparsebundle`)].filter((path) => existsSync(path))
    },
  }
}

/** Given a path, write a bundle of five bands there, each long past. */
export function writeImage(path: string, seed: string, shape: BundleShape = {}): void {
  const bands = [0, 1, 2, 3, 4].map((index) => ({ index, length: bandLength }))
  writeSparseBundle(path, { seed, bands, virtualBytes: 64 * 1024 * 1024, ...shape })
  for (const name of readdirSync(join(path, 'bands'))) utimesSync(join(path, 'bands', name), longAgo, longAgo)
}

/** Given a lab and the file name of an image, return the paths of its copies in the store, there or not. */
export function keptCopies(lab: Lab, name: string): string[] {
  const kept = join(lab.destination, '.lbackup-filevault/kept')
  if (!existsSync(kept)) return []
  return readdirSync(kept).flatMap((slot) =>
    readdirSync(join(kept, slot)).map((generation) => join(kept, slot, generation, name)),
  )
}

/** Digests of all copies of an image that stand. */
export const digests = (set: BackupSet, name?: string): string[] => set.copies(name).map(imageDigest)

export const bandOf = (image: string, name: string): string => join(image, 'bands', name)

let rewritten = 0

/** Rewrites a file in place with other bytes of the same length; with seconds given, its mtime moves by so much. */
export function rewrite(path: string, seconds?: number): void {
  const { size, mtimeMs } = statSync(path)
  rewritten += 1
  const text = `rewritten ${String(rewritten)} `
  // rsync cannot make it smaller on its way, else the sender is done long before its turn; but the first band of an image
  // without a token must not look encrypted.
  const bytes = content(text, size)
  bytes.fill(text, 0, Math.min(size, 4096))
  writeFileSync(path, bytes, { flag: 'r+' })
  if (seconds !== undefined) utimesSync(path, mtimeMs / 1000 + seconds, mtimeMs / 1000 + seconds)
}

/** Every file in a folder: which file it is, how it is dressed, and its bytes. Two of them are alike only byte for byte. */
export function filesIn(folder: string): Record<string, string> {
  const found: [string, string][] = []
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    const { ino, size, mode, uid, gid, mtimeMs } = lstatSync(path)
    if (!lstatSync(path).isFile()) continue
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
    found.push([name, [ino, size, mode, uid, gid, mtimeMs, digest].join(' ')])
  }
  return Object.fromEntries(found)
}

/** As `filesIn`, of a whole section without what is ours in it. */
export const sectionFiles = ({ lab }: BackupSet, number: number): Record<string, string> =>
  filesIn(join(lab.destination, `Section.${String(number)}`, 'source'))

/** What the pre hook of a running session has reported; to be asked before the post hook writes its own. */
export const reportSoFar = (stateFolder: string): Report =>
  JSON.parse(readFileSync(join(stateFolder, 'report.json'), 'utf8')) as Report
