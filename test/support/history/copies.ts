import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SeedJournal } from '../../../lib/seed/journal.js'
import type { Lab } from '../session/index.js'

export const imageName = 'bob.sparsebundle'
/** What Finder leaves wherever it looks; no part of an image. */
export const stray = '.DS_Store'

/** A copy of the image, wherever on the backup disk. */
export interface FoundCopy {
  readonly path: string
  /** Digest of its members' names and bytes. */
  readonly digest: string
  /** The home it belongs to, where it lies in a section. */
  readonly home: string | undefined
}

/** Given an image, return a digest of the names and bytes of its members. */
export function digestOf(path: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    const member = join(path, name)
    if (basename(name) === stray || !lstatSync(member).isFile()) continue
    hash.update(`${name}\0`).update(createHash('sha256').update(readFileSync(member)).digest())
  }
  return hash.digest('hex')
}

/** Names of members that are not the same in two images, for people. */
export function differing(one: string, other: string): string {
  const names = [one, other].flatMap((path) => readdirSync(path, { recursive: true, encoding: 'utf8' }))
  const bytes = (path: string): string | undefined =>
    existsSync(path) ? (lstatSync(path).isFile() ? readFileSync(path, 'latin1') : '') : undefined
  return [...new Set(names)].filter((name) => bytes(join(one, name)) !== bytes(join(other, name))).join(', ')
}

/** The sections there are: inode, path and name, newest first. */
export const sectionsOf = ({ destination }: Lab): { inode: number; path: string; name: string }[] =>
  readdirSync(destination)
    .filter((name) => /^Section\.\d+$/.test(name))
    .sort()
    .map((name) => ({ inode: lstatSync(join(destination, name)).ino, path: join(destination, name), name }))

/** Every copy there is on the backup disk, in sections, in the store and where a hook that died was at work; no seeds. */
export function copiesOn(lab: Lab): FoundCopy[] {
  const seeds = seedsOn(lab)
  return copiesIn(lab.destination).filter(
    ({ path }) => !/\/Section\.inprogress\/|\/\.lbackup-filevault\/seeds\//.test(path) && !seeds.has(path),
  )
}

/** Where a seed was put for rsync and not taken out yet. */
export function seedsOn(lab: Lab): Set<string> {
  const folder = join(lab.destination, '.lbackup-filevault/seeds')
  if (!existsSync(folder)) return new Set()
  const sections = sectionsOf(lab)
  const journals = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  return new Set(
    journals.flatMap((name) => {
      const { section, copyPath } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as SeedJournal
      const found = sections.find(({ inode }) => inode === section.inode)
      return found === undefined ? [] : [join(found.path, copyPath)]
    }),
  )
}

/** Every copy below a folder, sorted by path. */
export function copiesIn(folder: string): FoundCopy[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) return []
    if (entry.name !== imageName) return copiesIn(path)
    const home = path.includes('/.lbackup-filevault/') ? undefined : homeOf(path)
    return [{ path, digest: digestOf(path), home }]
  })
}

/** `bob` for an image in `bob` and in `.bob`. */
export const homeOf = (path: string): string => basename(dirname(path)).replace(/^\./, '')

/** Given a section, return a digest of every file in it with its bytes; files of ours and of Finder left out, and seeds. */
export function contentOf(lab: Lab, section: string): string {
  const seeds = seedsOn(lab)
  const hash = createHash('sha256')
  const walk = (folder: string, shown: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry
      if (seeds.has(join(folder, name))) continue
      if (name === '.lbackup-filevault' || name.startsWith('FILEVAULT-README') || name === stray) continue
      if (entry.isDirectory()) walk(join(folder, name), `${shown}/${name}`)
      else hash.update(`${shown}/${name}\0`).update(readFileSync(join(folder, name)))
    }
  }
  walk(section, '')
  return hash.digest('hex')
}
