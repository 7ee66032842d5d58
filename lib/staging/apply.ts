import { makeFolderIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import type { System } from '../system/system.js'
import { inWorker } from '../system/worker.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { bindFolder } from './bind.js'
import { note } from './book.js'
import { freezeImage, type FreezeOrder } from './freeze-image.js'
import { isOfTheImage } from './of-the-image.js'
import { dropEntry } from './remove.js'
import { subvolumeOf, withSnapshot } from './snapshot.js'
import type { Making, StagedEntry, StagingPlan, Step, WantedImage } from './staging-type.js'

/** Where steps are carried out. */
export interface StagingSite {
  readonly system: System
  readonly stateFolder: RawPath
  /** Held. */
  readonly staging: Folder
  /** Held, within the staging folder; for what is being made. */
  readonly work: Folder
  /** Whose entries these are that are not kept; null: nobody's. */
  readonly run: string | null
  /** Milliseconds since 1970. */
  readonly deadline: number
}

/** What came of steps. */
export interface Applied {
  /** By slot, the images that lie in the work folder now, whole or not. */
  readonly made: Map<string, StagedEntry>
  /** By slot or name, why something could not be done, which concerns that image alone. */
  readonly refused: Map<string, string>
}

/** From so many members or bytes on a thread of its own is worth its start. */
const worthAThread = { members: 8192, bytes: 1024 * 1024 * 1024 }

/**
 * Given a site and a plan, carry it out, step by step; images are made in the work folder, and what stands at their places
 * stays. Throws OperationalError for what concerns the staging folder itself.
 */
export async function applyStaging(site: StagingSite, { steps }: Pick<StagingPlan, 'steps'>): Promise<Applied> {
  const applied: Applied = { made: new Map(), refused: new Map() }
  for (const step of steps) await applyStep(site, step, applied)
  syncFolderIn(site.staging)
  return applied
}

async function applyStep(site: StagingSite, step: Step, applied: Applied): Promise<void> {
  switch (step.do) {
    case 'remove':
      return remove(site, step.name)
    case 'take':
      return alone([step.making], applied, () => take(site, step.making, step.making.image.path, applied))
    case 'snapshot':
      return takeSnapshots(site, step.making, applied)
    case 'bind': {
      const { name, path } = step.folder
      await remove(site, printable(name))
      const entry = { name: printable(name), kind: 'bind', path: printable(path), kept: false } as const
      note(site, { ...entry, takenAt: now(site), standing: false })
      await bindFolder(site.system, site.staging, path, name)
      note(site, { ...entry, takenAt: now(site), standing: true })
    }
  }
}

/** One snapshot for each volume. */
async function takeSnapshots(site: StagingSite, making: readonly Making[], applied: Applied): Promise<void> {
  const groups = new Map<string, Making[]>()
  for (const one of making) {
    await alone([one], applied, () => {
      const volume = site.system.platform === 'macos' ? '' : subvolumeOf(one.image.path)
      groups.set(volume, [...(groups.get(volume) ?? []), one])
      return Promise.resolve()
    })
  }
  for (const group of groups.values()) {
    const first = (group[0] as Making).image.path
    await alone(group, applied, () =>
      withSnapshot(site.system, site.work, first, async (at) => {
        for (const one of group) await alone([one], applied, () => take(site, one, at(one.image.path), applied))
      }),
    )
  }
}

/** What is wrong with these images alone is told of them, and the others go on; all else is thrown. */
async function alone(making: readonly Making[], { refused }: Applied, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!isOfTheImage(error)) throw error
    for (const { image } of making) refused.set(image.slot, error.message.replace(/\.$/, ''))
  }
}

async function take(site: StagingSite, making: Making, from: RawPath, { made }: Applied): Promise<void> {
  const { work, system, deadline } = site
  const { image, kind } = making
  const slot = image.slot as RawPath
  removeTreeIn(work, slot)
  const into = makeFolderIn(work, slot)
  try {
    const how =
      kind === 'hard-link' ? 'hard-link' : kind === 'snapshot' && system.platform === 'macos' ? 'copy' : 'clone'
    await freeze({ from, container: image.container, inode: image.inode, into, name: image.name, how, deadline }, image)
  } finally {
    closeFolder(into)
  }
  made.set(image.slot, { ...entryOf(making), takenAt: now(site) })
}

async function freeze(order: FreezeOrder, { members, bytes }: WantedImage): Promise<void> {
  if (members < worthAThread.members && bytes < worthAThread.bytes) {
    freezeImage(order)
    return
  }
  const seconds = Math.max(1, (order.deadline - Date.now()) / 1000)
  await inWorker(
    new URL('./freeze-tasks.js', import.meta.url),
    'freeze',
    { ...order, into: order.into.path },
    { timeoutSeconds: seconds, what: 'freezing an image' },
  )
}

const remove = ({ system, stateFolder, staging }: StagingSite, name: string): Promise<void> =>
  dropEntry(system, stateFolder, staging, name)

const now = ({ system }: StagingSite): string => system.now().toISOString()

const entryOf = ({ image, kind }: Making): Omit<StagedEntry, 'takenAt'> => ({
  name: image.slot,
  kind,
  path: printable(image.path),
  image: printable(image.name),
  container: image.container,
  identity: image.identity,
  live: image.live,
  standing: false,
  kept: false,
})
