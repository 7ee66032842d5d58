import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Lab } from '../../support/session/index.js'

/** Bytes of files in Section.0 that no other section has: what the last run stored anew. Files of ours do not count. */
export function storedAnew(lab: Lab): number {
  const known = new Set(
    lab
      .sections()
      .slice(1)
      .flatMap((name) => filesOf(join(lab.destination, name)).map(({ inode }) => inode)),
  )
  const news = new Map(filesOf(join(lab.destination, 'Section.0')).map(({ inode, size }) => [inode, size]))
  return [...news].reduce((sum, [inode, size]) => (known.has(inode) ? sum : sum + size), 0)
}

function filesOf(section: string): { inode: number; size: number }[] {
  return readdirSync(section, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const stats = lstatSync(join(section, name))
    if (!stats.isFile() || name.startsWith('.lbackup-filevault') || name.startsWith('FILEVAULT-README')) return []
    return [{ inode: stats.ino, size: stats.size }]
  })
}

/** Sections that hold more than one copy of an image of a name, as `Section.1: a, b`. */
export function doubles(lab: Lab, name: string): string[] {
  return lab.sections().flatMap((section) => {
    const folder = join(lab.destination, section)
    const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => basename(path) === name)
    return found.length > 1 ? [`${section}: ${found.join(', ')}`] : []
  })
}

/** Paths below the backup disk's folder of seeds; none after a run that came to its end. */
export function seedsLeft(lab: Lab): string[] {
  const folder = join(lab.destination, '.lbackup-filevault/seeds')
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
}
