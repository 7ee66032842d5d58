import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copiesOn, digestOf, sectionsOf } from './copies.js'
import { day, happen, happenSuddenly } from './deeds.js'
import type { Disk } from './disks.js'
import type { Fault } from './hook.js'
import { begin, imageOf, placeOf, type History } from './history.js'
import { expectAll, type Seen } from './invariants.js'
import { nightWithoutHooks, wholeNight, type Moments, type NightEnd } from './machine.js'
import { adoptedLine, noteCopies } from './truth.js'

const nights = 5

/** Lives through one history; throws with its diary where it is not as it must be. */
export async function live(seed: number, folder: string, disk: Disk | undefined): Promise<void> {
  const history = begin(seed, folder, disk)
  try {
    for (let count = history.numbers.below(3); count > 0; count -= 1) await before(history)
    for (let count = 1; count <= nights; count += 1) await oneNight(history, `night ${String(count)}`)
  } catch (error) {
    const { message } = error as Error
    const again = `LBACKUP_FILEVAULT_SEED=${String(seed)} npx mocha test/scenario/history.test.ts`
    throw new Error(`${message}\n${history.diary.join('\n')}\nagain: ${again}`, { cause: error })
  } finally {
    history.letGo?.()
    disk?.free()
    rmSync(history.lab.destination, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A night from the time before the hooks: what is there when they come is adopted. */
async function before(history: History): Promise<void> {
  const { lab, numRotations, truth, diary } = history
  await nightWithoutHooks(lab, numRotations)
  diary.push('a night without hooks')
  truth.ever.clear()
  truth.known.clear()
  const copies = copiesOn(lab)
  noteCopies(truth, copies)
  // Newest last.
  for (const { home, digest } of copies.reverse()) {
    if (home !== undefined) truth.known.set(adoptedLine(home), digest)
  }
  happen(history, 'between')
}

async function oneNight(history: History, when: string): Promise<void> {
  const { lab, numbers, numRotations, diary, truth } = history
  day(history, when)
  const plan = planOf(history)
  const sections = new Set(sectionsOf(lab).map(({ inode }) => inode))
  const quiet = plan.pre === undefined && plan.post === undefined && plan.withoutPost !== true
  // Only root sees what uses an image; else nothing is repaired.
  const sees = process.getuid?.() === 0
  let calm = sees && quiet && existsSync(imageOf(history)) && history.disk?.isFull() !== true
  const inUse = history.letGo !== undefined
  let right: Seen['right']
  diary.push(`${when}: ${told(plan)}`)
  const disturb = (moment: string): void => {
    if (numbers.below(4) > 0) return
    calm = false
    happenSuddenly(history, `${when}, ${moment}`)
  }
  const end = await wholeNight(lab, numRotations, {
    ...plan,
    beforeCopy: () => {
      // The pre hook has looked at every copy.
      truth.written.clear()
      disturb('while LBackup starts')
    },
    afterCopy: (made) => {
      right = rightIn(history, made)
      disturb('after rsync')
      if (right !== undefined && digestOf(join(made, 'source', right.place)) !== right.digest) right = undefined
    },
  })
  diary.push(...tale(when, end))
  // LBackup, which is whoever runs the tests, lives on; a real one would be gone by now.
  if (end.post?.ended !== 'well') rmSync(join(lab.folder, 'state/lock'), { recursive: true, force: true })
  const whole = plan.post === undefined
  expectAll(history, { end, whole, before: sections, right, calm: calm && !inUse, calmInUse: calm && inUse })
}

/** What rsync made of the image, where it is the image as it is now. */
function rightIn(history: History, made: string): Seen['right'] {
  const place = placeOf(history)
  const copy = join(made, 'source', place)
  if (!existsSync(copy) || !existsSync(imageOf(history))) return undefined
  const digest = digestOf(copy)
  return digest === digestOf(imageOf(history)) ? { place, digest } : undefined
}

/** Most nights go as they should; where a hook came to grief, the next one often does, too. */
function planOf({ numbers, lab, truth, unlucky }: History): Moments {
  const [store, all] = [lab.destination, lab.folder]
  const fault = (kind: 'kill' | 'ENOSPC' | 'EIO', below: string, most: number): Fault => {
    return { kind, step: 1 + numbers.below(most), below }
  }
  const postOnError = numbers.below(2) === 0
  const after = truth.unsettled !== undefined
  switch (numbers.below(after ? 16 : unlucky ? 24 : 60)) {
    case 0:
    case 1:
      return { pre: fault(numbers.pick(['ENOSPC', 'EIO']), store, 30), postOnError }
    case 2:
      return { pre: fault('kill', numbers.pick([store, all]), 30), postOnError }
    case 3:
      return { pre: { kind: 'program', step: 1 + numbers.below(4) }, postOnError }
    case 4:
      return { post: fault('kill', numbers.pick([store, store, all]), 40), postOnError }
    case 5:
      return { post: fault(numbers.pick(['ENOSPC', 'EIO']), store, 40), postOnError }
    case 6:
      return { post: fault('EIO', all, 20), postOnError }
    case 7:
    case 8:
    case 9:
      return { withoutPost: true, postOnError }
    default:
      return { postOnError }
  }
}

function told({ pre, post, withoutPost }: Moments): string {
  const one = (phase: string, fault: Fault | undefined): string[] =>
    fault === undefined ? [] : [`${phase} hook: ${fault.kind} at step ${String(fault.step)}${place(fault)}`]
  const parts = [...one('pre', pre), ...one('post', post), ...(withoutPost === true ? ['no post hook'] : [])]
  return parts.length === 0 ? 'both hooks' : parts.join(', ')
}

const place = (fault: Fault): string =>
  fault.kind === 'program' ? '' : fault.below.endsWith('destination') ? ' on the backup disk' : ' in our folders'

function tale(when: string, { pre, copied, post }: NightEnd): string[] {
  const ends = `pre hook ${pre.ended}, ${copied ? 'a new section' : 'no new section'}, post hook ${post?.ended ?? 'not run'}`
  const why = pre.ended === 'halted' ? (pre.report?.findings ?? []).filter(({ severity }) => severity === 'error') : []
  const steps = [pre.steps, post?.steps].flatMap((count) => (count === undefined ? [] : [`${String(count)} steps`]))
  const images = post?.report?.images ?? []
  return [
    `${when}: ${[ends, ...steps, ...why.map(({ message }) => message)].join('; ')}`,
    ...images.map(({ path, verdict, reason, kept }) => {
      return `${when}: ${path.split('/').slice(-2).join('/')} ${verdict} (${reason}) ${kept?.done ?? ''}`
    }),
    ...(post?.report?.findings ?? [])
      .filter(({ severity }) => severity !== 'info')
      .map((one) => `${when}: ${one.message}`),
  ]
}
