import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeSparseBundle } from '../image-writer/sparse-bundle.js'
import { random, type Random } from '../mac/random.js'
import { makeLab, type Lab } from '../session/index.js'
import { digestOf, imageName } from './copies.js'
import type { Disk } from './disks.js'
import { newTruth, type Truth } from './truth.js'

/** One Mac with one image, its backup, and what the test itself knows of both. */
export interface History {
  readonly seed: number
  readonly lab: Lab
  readonly numbers: Random
  readonly numRotations: number
  readonly diary: string[]
  /** Which deeds happen oftener than others. */
  readonly mood: number
  /** In how many of ten nights the image is in use. */
  readonly busy: number
  /** More hooks than usual come to grief. */
  readonly unlucky: boolean
  readonly truth: Truth
  /** Where backups go; undefined: not on a disk that can be filled. */
  readonly disk: Disk | undefined
  /** The user's name; changes when his home is renamed. */
  home: string
  /** He is logged in, or a crash left it so: the image lies in the hidden home. */
  hidden: boolean
  /** The time of every member of a new image, in seconds. */
  readonly born: number
  /** How manieth image this is in its place. */
  image: number
  count: number
  letGo: (() => void) | undefined
}

/** Given a seed, a new folder and perhaps a disk, begin a history. */
export function begin(seed: number, folder: string, disk: Disk | undefined): History {
  // The first numbers of neighbouring seeds are much alike.
  const numbers = random(Math.imul(seed, 0x9e37_79b1))
  const numRotations = numbers.pick([1, 1, 1, 2, 3, 4])
  mkdirSync(folder)
  const options = disk === undefined ? {} : { backupDest: join(disk.folder, 'destination') }
  const lab = makeLab({ ...options, settings: { numRotations: String(numRotations) } }, folder)
  const config = {
    stateFolder: join(folder, 'state'),
    limits: { quietSeconds: 0 },
    search: { mayBeEmpty: true },
    // Thousands of nights in which this process is LBackup.
    watch: { mode: 'off' },
  }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(config))
  // Whoever runs the tests is LBackup here, to hooks in this process and in their own alike.
  writeFileSync(lab.lockFile, `PID of LBackup: ${String(process.ppid)}\n`)
  const diary = [`seed ${String(seed)}, numRotations ${String(numRotations)}`]
  const character = { mood: numbers.below(100), busy: numbers.pick([2, 5, 8]), unlucky: numbers.below(2) === 0 }
  const born = Math.floor(Date.now() / 1000) - 7200
  const places = { born, home: 'bob', hidden: false, image: 0, count: 0, letGo: undefined }
  const history = { seed, lab, numbers, numRotations, diary, truth: newTruth(), disk, ...character, ...places }
  mkdirSync(join(lab.source, history.home))
  makeImage(history)
  return history
}

/** Where the image lies now, relative to the source. */
export const placeOf = ({ home, hidden }: Pick<History, 'home' | 'hidden'>): string =>
  join(hidden ? `.${home}` : home, imageName)

export const imageOf = (history: History): string => join(history.lab.source, placeOf(history))

/** What the truth tells apart: the same image in the same home. */
export const lineOf = ({ home, image }: Pick<History, 'home' | 'image'>): string => `${home} ${String(image)}`

/** Puts a new image in the place of the one that is there, if any. */
export function makeImage(history: History): void {
  rmSync(imageOf(history), { recursive: true, force: true })
  history.count += 1
  history.image += 1
  writeSparseBundle(imageOf(history), {
    seed: String(history.count),
    bands: [0, 1, 2].map((index) => ({ index, length: 4096 })),
    virtualBytes: 64 * 1024 * 1024,
  })
  // Each image of a history is as old as the one before it, and no write of these days lies in the future.
  for (const name of readdirSync(imageOf(history), { recursive: true, encoding: 'utf8' })) {
    utimesSync(join(imageOf(history), name), history.born, history.born)
  }
  noteState(history)
}

/** Every state of the image is noted, or nothing can be said of its copies. */
export const noteState = (history: History): void => {
  history.truth.states.add(digestOf(imageOf(history)))
}

/** A FileVault login or logout: the image moves, nothing in it changes. */
export function moveImage(history: History): void {
  const from = imageOf(history)
  history.hidden = !history.hidden
  const to = imageOf(history)
  mkdirSync(join(to, '..'), { recursive: true })
  renameSync(from, to)
  if (!history.hidden) rmSync(join(from, '..'), { recursive: true })
}

/** The account gets another name, and its home with it. */
export function renameHome(history: History): void {
  const { lab, home, hidden } = history
  history.home = home === 'bob' ? 'robert' : 'bob'
  renameSync(join(lab.source, home), join(lab.source, history.home))
  if (hidden) renameSync(join(lab.source, `.${home}`), join(lab.source, `.${history.home}`))
}
