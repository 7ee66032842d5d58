import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
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

/** Every copy there is on the backup disk, in sections, in the store and where a hook that died was at work. */
export function copiesOn({ destination }: Lab): FoundCopy[] {
  return copiesIn(destination).filter(({ path }) => !path.includes('/Section.inprogress/'))
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

/** Given a section, return a digest of every file in it with its bytes; files of ours and of Finder left out. */
export function contentOf(section: string): string {
  const hash = createHash('sha256')
  const walk = (folder: string, shown: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name } = entry
      if (name === '.lbackup-filevault' || name.startsWith('FILEVAULT-README') || name === stray) continue
      if (entry.isDirectory()) walk(join(folder, name), `${shown}/${name}`)
      else hash.update(`${shown}/${name}\0`).update(readFileSync(join(folder, name)))
    }
  }
  walk(section, '')
  return hash.digest('hex')
}
