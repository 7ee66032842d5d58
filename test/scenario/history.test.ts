import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { contentOf, holdOpen, night, type Moments } from '../support/history/machine.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { imageDigest } from '../support/mac/index.js'
import { random, type Random } from '../support/mac/random.js'
import { makeLab, type Lab } from '../support/session/index.js'
import { skip } from '../support/skip.js'

// LBACKUP_FILEVAULT_SEEDS=5000 for more, LBACKUP_FILEVAULT_SEED=17 for one.
const { LBACKUP_FILEVAULT_SEEDS: many = '200', LBACKUP_FILEVAULT_SEED: one } = process.env
const seeds = one === undefined ? Array.from({ length: Number(many) }, (_, index) => index + 1) : [Number(one)]
const nights = 5
const atOnce = 12

interface History {
  readonly lab: Lab
  readonly numbers: Random
  readonly numRotations: number
  readonly diary: string[]
  /** Digests of every state the image was in. */
  readonly truth: Set<string>
  /** What each section held right after the run that made it, by the section's inode. */
  readonly sections: Map<number, string>
  /** Digest of the newest copy that was proven, or adopted before that. */
  best: string | undefined
  count: number
  /** Inode of a section that no post hook has looked at. */
  unsettled: number | undefined
  letGo: (() => void) | undefined
}

const image = ({ lab }: History): string => join(lab.source, 'bob/bob.sparsebundle')
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

function begin(seed: number, folder: string): History {
  const numbers = random(seed)
  const numRotations = 1 + numbers.below(4)
  mkdirSync(folder)
  const lab = makeLab({ settings: { numRotations: String(numRotations) } }, folder)
  lab.set({})
  const config = { stateFolder: join(folder, 'state'), limits: { quietSeconds: 0 }, search: { mayBeEmpty: true } }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(config))
  const history: History = {
    lab,
    numbers,
    numRotations,
    diary: [`seed ${String(seed)}, numRotations ${String(numRotations)}`],
    truth: new Set(),
    sections: new Map(),
    best: undefined,
    count: 0,
    unsettled: undefined,
    letGo: undefined,
  }
  mkdirSync(join(lab.source, 'bob'))
  makeImage(history)
  return history
}

function makeImage(history: History): void {
  rmSync(image(history), { recursive: true, force: true })
  history.count += 1
  writeSparseBundle(image(history), {
    seed: String(history.count),
    bands: [0, 1, 2].map((index) => ({ index, length: 4096 })),
    virtualBytes: 64 * 1024 * 1024,
  })
  history.truth.add(imageDigest(image(history)))
}

/** In place, with the same length and a time that rsync may take for the old one. */
function write(history: History): void {
  const { numbers } = history
  const bands = join(image(history), 'bands')
  history.count += 1
  switch (numbers.below(4)) {
    case 0: {
      writeFileSync(join(bands, String(3 + numbers.below(4))), Buffer.alloc(4096, history.count))
      break
    }
    case 1: {
      const names = readdirSync(bands)
      if (names.length > 2) rmSync(join(bands, numbers.pick(names)))
      break
    }
    default: {
      const band = join(bands, numbers.pick(readdirSync(bands)))
      const { size, mtimeMs } = statSync(band)
      writeFileSync(band, Buffer.alloc(numbers.below(5) === 0 ? size + 512 : size, history.count))
      const time = Math.floor(mtimeMs / 1000) + numbers.pick([0, 1, 5, 19, 20, -5, 21, 100])
      utimesSync(band, time, time)
    }
  }
  history.truth.add(imageDigest(image(history)))
}

const deeds: Readonly<Record<string, (history: History) => void>> = {
  write(history) {
    if (existsSync(image(history))) write(history)
  },
  use(history) {
    if (!existsSync(image(history))) return
    history.letGo?.()
    history.letGo = holdOpen(join(image(history), 'token'))
  },
  release(history) {
    history.letGo?.()
    history.letGo = undefined
  },
  replace: makeImage,
  delete(history) {
    if (history.letGo === undefined) rmSync(image(history), { recursive: true, force: true })
  },
  /** Somebody attaches the newest copy writable: every section that shares the band changes. */
  damage(history) {
    const band = join(history.lab.destination, 'Section.0/source/bob/bob.sparsebundle/bands/0')
    if (!existsSync(band)) return
    writeFileSync(band, Buffer.alloc(4096, `damage ${String(history.count)}`))
    // What was lost by that hand is not ours to have kept.
    for (const [inode, path] of sectionsOf(history)) history.sections.set(inode, hash(contentOf(path)))
    if (history.best !== undefined && !copies(history).includes(history.best)) history.best = undefined
  },
}

function happen(history: History, when: string): void {
  const deed = history.numbers.pick([
    'write',
    'write',
    'write',
    'use',
    'release',
    'release',
    'replace',
    'delete',
    'damage',
  ])
  history.diary.push(`${when}: ${deed}`)
  deeds[deed]?.(history)
}

const sectionsOf = ({ lab }: History): [inode: number, path: string, name: string][] =>
  lab.sections().map((name) => {
    const path = join(lab.destination, name)
    return [lstatSync(path).ino, path, name]
  })

/** The digest of every copy of the image there is anywhere on the backup disk. */
function copies(history: History): string[] {
  const { lab } = history
  const kept = join(lab.destination, '.lbackup-filevault/kept')
  const generations = existsSync(kept)
    ? readdirSync(kept).flatMap((slot) =>
        readdirSync(join(kept, slot)).map((name) => join(kept, slot, name, 'bob.sparsebundle')),
      )
    : []
  const inSections = sectionsOf(history).map(([, path]) => join(path, 'source/bob/bob.sparsebundle'))
  return [...inSections, ...generations].filter((path) => existsSync(path)).map(imageDigest)
}

async function oneNight(history: History, count: number): Promise<void> {
  const { lab, numbers, numRotations, diary } = history
  const when = `night ${String(count)}`
  for (let left = numbers.below(3); left > 0; left -= 1) happen(history, `${when}, before`)
  const kind = numbers.below(10)
  const moments: Moments = {
    ...(numbers.below(5) === 0 ? { beforeCopy: () => happen(history, `${when}, while LBackup starts`) } : {}),
    ...(numbers.below(5) === 0 ? { afterCopy: () => happen(history, `${when}, after rsync`) } : {}),
    ...(kind === 0 ? { withoutPost: true } : kind === 1 ? { preDiesAt: 1 + numbers.below(4) } : {}),
  }
  diary.push(
    `${when}: ${kind === 0 ? 'no post hook' : kind === 1 ? `pre hook dies at ${String(moments.preDiesAt)}` : 'both hooks'}`,
  )
  const before = new Set(sectionsOf(history).map(([inode]) => inode))
  const report = await night(lab, numRotations, moments)
  const bob = report?.images.find(({ path }) => path.endsWith('bob.sparsebundle'))
  diary.push(`${when}: ${bob?.verdict ?? 'nothing judged'} (${bob?.reason ?? ''}) ${bob?.kept?.done ?? ''}`)
  // The process that is LBackup here lives on; a real one is gone by now.
  if (report === undefined) rmSync(join(lab.folder, 'state/lock'), { recursive: true, force: true })

  for (const [inode, path, name] of sectionsOf(history)) {
    const content = hash(contentOf(path))
    const known = history.sections.get(inode)
    if (before.has(inode) && known !== undefined && name !== 'Section.0' && inode !== history.unsettled) {
      expect(content, `${name} changed after the run that made it`).to.equal(known)
    }
    history.sections.set(inode, content)
  }
  // What a missing post hook left is put right by the next pre hook, in what is Section.0 until then.
  history.unsettled =
    report === undefined ? sectionsOf(history).find(([, , name]) => name === 'Section.0')?.[0] : undefined
  const copy = join(lab.destination, 'Section.0/source/bob/bob.sparsebundle')
  if (bob?.verdict === 'proven') {
    expect(history.truth, 'a proven copy is one state of the image').to.include(imageDigest(copy))
    history.best = imageDigest(copy)
  }
  if (history.best !== undefined) expect(copies(history), 'the newest good copy').to.include(history.best)
  if (existsSync(image(history))) {
    for (const name of readdirSync(join(image(history), 'bands'))) {
      expect(lstatSync(join(image(history), 'bands', name)).nlink).to.equal(1)
    }
  }
  if (report !== undefined) expect(readFileSync(lab.excludesFile, 'utf8'), 'the excludes file').to.equal('')
}

async function live(seed: number, folder: string): Promise<void> {
  const history = begin(seed, folder)
  try {
    for (let count = history.numbers.below(3); count > 0; count -= 1) {
      await night(history.lab, history.numRotations, { withoutHooks: true })
      history.diary.push('a night without hooks')
      history.best = imageDigest(join(history.lab.destination, 'Section.0/source/bob/bob.sparsebundle'))
      deeds['write']?.(history)
    }
    for (let count = 1; count <= nights; count += 1) await oneNight(history, count)
  } catch (error) {
    const { message } = error as Error
    const again = `LBACKUP_FILEVAULT_SEED=${String(seed)} npx mocha --spec test/scenario/history.test.ts`
    throw new Error(`${message}\n${history.diary.join('\n')}\nagain: ${again}`, { cause: error })
  } finally {
    history.letGo?.()
  }
  rmSync(folder, { recursive: true })
}

describe('random histories of nights', function () {
  this.timeout(3_600_000)

  it(`${String(seeds.length)} seeds: older sections stay, proven is true, and the newest good copy is never lost`, async function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux, where a process that holds an image is seen')
    const folder = (await import('../support/temporary.js')).temporaryFolder()
    const left = [...seeds]
    const lanes = Array.from({ length: atOnce }, async () => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift())
        await live(seed, join(folder, String(seed)))
    })
    await Promise.all(lanes)
  })
})
