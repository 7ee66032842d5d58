import { existsSync, lstatSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentOf, copiesIn, copiesOn, sectionsOf, stray, type FoundCopy } from './copies.js'
import { imageOf, makeImage, moveImage, noteState, renameHome, type History } from './history.js'
import { holdOpen } from './machine.js'
import { noteSpoiled, noteWritten } from './truth.js'

/** Returns what was done, for the diary; undefined: there was nothing to do it to. */
type Deed = (history: History, afterLook: boolean) => string | undefined

const done = (text = ''): string => text

/** In place, with the same length and a time that rsync may take for the old one. */
function write(history: History): string | undefined {
  if (!existsSync(imageOf(history))) return undefined
  const { numbers } = history
  const bands = join(imageOf(history), 'bands')
  history.count += 1
  const text = change(history, bands, numbers.below(4))
  noteState(history)
  return text
}

function change(history: History, bands: string, kind: number): string {
  const { numbers } = history
  const names = readdirSync(bands)
  if (kind === 0) {
    const name = String(3 + numbers.below(4))
    writeFileSync(join(bands, name), Buffer.alloc(4096, history.count))
    return `band ${name} whole`
  }
  const name = numbers.pick(names)
  if (kind === 1) {
    if (names.length > 2) rmSync(join(bands, name))
    return `band ${name} removed`
  }
  const { size, mtimeMs } = statSync(join(bands, name))
  writeFileSync(join(bands, name), Buffer.alloc(numbers.below(5) === 0 ? size + 512 : size, history.count))
  const later = numbers.pick([0, 1, 5, 19, 20, -5, 21, 100])
  const time = Math.floor(mtimeMs / 1000) + later
  utimesSync(join(bands, name), time, time)
  return `band ${name}, ${String(later)} s later`
}

/** Somebody attaches the newest copy writable: every section that shares the band changes. */
function damage(history: History, afterLook: boolean): string | undefined {
  const { lab, truth } = history
  const [copy] = copiesIn(join(lab.destination, 'Section.0'))
  if (copy === undefined) return undefined
  const [band] = readdirSync(join(copy.path, 'bands')).sort()
  if (band === undefined) return undefined
  const before = copiesOn(lab)
  history.count += 1
  const file = join(copy.path, 'bands', band)
  writeFileSync(file, Buffer.alloc(statSync(file).size, `damage ${String(history.count)}`))
  truth.written.add(lstatSync(file).ino)
  noteWritten(truth, before, copiesOn(lab), afterLook)
  for (const { inode, path } of sectionsOf(lab)) truth.sections.set(inode, contentOf(lab, path))
  return done(`band ${band}`)
}

/** Somebody tidies up in the newest section. */
function loseManifest(history: History, afterLook: boolean): string | undefined {
  const section = join(history.lab.destination, 'Section.0')
  const folder = join(section, '.lbackup-filevault')
  const manifests = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.mtree')) : []
  for (const name of manifests) rmSync(join(folder, name))
  if (manifests.length === 0) return undefined
  const copies = copiesOn(history.lab)
  const isThere = ({ path }: FoundCopy): boolean => path.startsWith(`${section}/`)
  const digests = (some: readonly FoundCopy[]): string[] => some.map(({ digest }) => digest)
  const [spoiled, rest] = [digests(copies.filter(isThere)), digests(copies.filter((copy) => !isThere(copy)))]
  noteSpoiled(history.truth, { spoiled, rest, afterLook })
  return done()
}

/** Finder looks into the newest copy. */
function look(history: History): string | undefined {
  const [copy] = copiesIn(join(history.lab.destination, 'Section.0'))
  if (copy === undefined || history.disk?.isFull() === true) return undefined
  writeFileSync(join(copy.path, stray), 'Bud1')
  return done()
}

const deeds = {
  write,
  use(history) {
    if (!existsSync(imageOf(history))) return undefined
    if (history.letGo !== undefined) return undefined
    history.letGo = holdOpen(join(imageOf(history), 'token'))
    return done()
  },
  release(history) {
    if (history.letGo === undefined) return undefined
    history.letGo()
    history.letGo = undefined
    return done()
  },
  replace(history) {
    if (history.letGo !== undefined) return undefined
    makeImage(history)
    return done()
  },
  delete(history) {
    if (history.letGo !== undefined) return undefined
    rmSync(imageOf(history), { recursive: true, force: true })
    return done()
  },
  move(history) {
    if (!existsSync(imageOf(history))) return undefined
    moveImage(history)
    return done(history.hidden ? 'to the hidden home' : 'to the home')
  },
  rename(history) {
    renameHome(history)
    return done(`the home is ${history.home}`)
  },
  damage,
  loseManifest,
  tamper(history, afterLook) {
    return loseManifest(history, afterLook) === undefined ? undefined : damage(history, afterLook)
  },
  look,
  fill({ disk, numbers }) {
    if (disk === undefined || disk.isFull()) return undefined
    const left = numbers.pick([0, 0, 4, 8, 24, 64]) * 1024
    disk.fill(left)
    return done(`all but ${String(left)} bytes`)
  },
  free({ disk }) {
    if (disk?.isFull() !== true) return undefined
    disk.free()
    return done()
  },
} satisfies Record<string, Deed>

type Name = keyof typeof deeds

const always: readonly Name[] = [
  ...(['write', 'write', 'write', 'write', 'replace', 'move', 'rename'] as const),
  ...(['damage', 'loseManifest', 'look', 'fill'] as const),
]
/** What besides happens more than anything else: most of what can go wrong needs two of the kind, one after the other. */
const moods: readonly (readonly Name[])[] = [
  ['write', 'write', 'write', 'delete'],
  ['damage', 'damage', 'damage', 'damage', 'loseManifest', 'loseManifest'],
  ['fill', 'fill', 'write'],
  ['move', 'move', 'rename', 'replace', 'delete'],
]
const usual = moods.map((mood) => [...always, ...mood, ...mood])
const sudden: readonly Name[] = [
  'damage',
  'tamper',
  'tamper',
  'loseManifest',
  'fill',
  'fill',
  'write',
  'write',
  'use',
  'move',
]

/** What a day brings before its night. */
export function day(history: History, when: string): void {
  const { numbers, busy, truth } = history
  if (numbers.below(5) < 3) happen(history, `${when}, before`, 'free')
  if (!existsSync(imageOf(history)) && numbers.below(2) === 0) happen(history, `${when}, before`, 'replace')
  happen(history, `${when}, before`, numbers.below(10) < (truth.ever.size === 0 ? 1 : busy) ? 'use' : 'release')
  for (let left = numbers.below(3); left > 0; left -= 1) happen(history, `${when}, before`)
}

/** Something happens between the pre hook, which has looked at the copies already, and the post hook. */
export function happenSuddenly(history: History, when: string): void {
  happen(history, when, history.numbers.pick(sudden), true)
}

/** Something happens. */
export function happen(
  history: History,
  when: string,
  deed: Name = history.numbers.pick(usual[history.mood % usual.length] ?? always),
  afterLook = false,
): void {
  const text = deeds[deed](history, afterLook)
  if (text !== undefined) history.diary.push(`${when}: ${deed}${text === '' ? '' : ` (${text})`}`)
}
