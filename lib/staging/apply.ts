import { OperationalError } from '../finding/operational-error.js'
import { makeFolderIn, renameIn, syncFolderIn } from '../system/folder-writes.js'
import { closeFolder, type Folder } from '../system/folder.js'
import { removeTreeIn } from '../system/remove-tree.js'
import type { System } from '../system/system.js'
import { inWorker } from '../system/worker.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { bindFolder } from './bind.js'
import { readStaging, turnTo, withEntry, writeStaging } from './book.js'
import { freezeImage, oddImage, type FreezeOrder } from './freeze-image.js'
import { dropEntry, removeEntry } from './remove.js'
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

/** From so many members on a thread of its own is worth its start. */
const worthAThread = 8192

/**
 * Given a site and a plan, carry it out, step by step; what stands or is about to is noted before. Returns, by slot or
 * name, why something could not be done, which concerns that image alone. Throws OperationalError for what concerns
 * the staging folder itself.
 */
export async function applyStaging(
  site: StagingSite,
  { steps }: Pick<StagingPlan, 'steps'>,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>()
  for (const step of steps) {
    for (const [name, why] of await applyStep(site, step)) refused.set(name, why)
  }
  syncFolderIn(site.staging)
  return refused
}

async function applyStep(site: StagingSite, step: Step): Promise<[string, string][]> {
  switch (step.do) {
    case 'remove':
      await remove(site, step.name)
      return []
    case 'take':
      return alone([step.making], () => take(site, step.making, step.making.image.path))
    case 'snapshot':
      return takeSnapshots(site, step.making)
    case 'bind': {
      const { name, path } = step.folder
      await remove(site, printable(name))
      note(site, { name: printable(name), kind: 'bind', path, standing: false })
      await bindFolder(site.system, site.staging, path, name)
      note(site, { name: printable(name), kind: 'bind', path, standing: true })
      return []
    }
  }
}

/** One snapshot for each volume. */
async function takeSnapshots(site: StagingSite, making: readonly Making[]): Promise<[string, string][]> {
  const refused: [string, string][] = []
  const groups = new Map<string, Making[]>()
  for (const one of making) {
    const failed = await alone([one], () => {
      const volume = site.system.platform === 'macos' ? '' : subvolumeOf(one.image.path)
      groups.set(volume, [...(groups.get(volume) ?? []), one])
      return Promise.resolve()
    })
    refused.push(...failed)
  }
  for (const group of groups.values()) {
    const first = (group[0] as Making).image.path
    const failed = await alone(group, () =>
      withSnapshot(site.system, site.work, first, async (at) => {
        for (const one of group) refused.push(...(await alone([one], () => take(site, one, at(one.image.path)))))
      }),
    )
    refused.push(...failed)
  }
  return refused
}

/** What is wrong with these images alone is told of them; all else is thrown. */
async function alone(making: readonly Making[], action: () => Promise<void>): Promise<[string, string][]> {
  try {
    await action()
    return []
  } catch (error) {
    if (!(error instanceof OperationalError) || !ofTheImage.has(error.code)) throw error
    return making.map(({ image }) => [image.slot, error.message.replace(/\.$/, '')])
  }
}

const ofTheImage = new Set([oddImage, 'file-missing', 'not-a-folder', 'link-refused', 'not-a-file', 'unreadable'])

async function take(site: StagingSite, { image, kind }: Making, from: RawPath): Promise<void> {
  const { staging, work, system, deadline } = site
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
  const before = readStaging(site.stateFolder)?.entries.find(({ name }) => name === image.slot)
  note(site, { ...entryOf(image, kind), standing: false, kept: before?.kept === true && kind !== 'hard-link' })
  await removeEntry(system, staging, { name: image.slot, kind, ...unknownEntry })
  renameIn(work, slot, staging, slot)
}

const unknownEntry = { standing: false, path: '', takenAt: '', kept: false } as const

async function freeze(order: FreezeOrder, { members }: WantedImage): Promise<void> {
  if (members < worthAThread) {
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

const entryOf = (image: WantedImage, kind: StagedEntry['kind']) => ({
  name: image.slot,
  kind,
  path: image.path,
  image: printable(image.name),
  container: image.container,
  identity: image.identity,
  live: image.live,
})

type Noted = Omit<StagedEntry, 'takenAt' | 'kept' | 'path'> & { readonly path: RawPath; readonly kept?: boolean }

/** Before anything stands there, so that a run that dies leaves nothing that nobody knows. */
function note({ system, stateFolder, staging, run }: StagingSite, entry: Noted): void {
  const { path, kept = false, ...rest } = entry
  const book = turnTo(stateFolder, staging)
  const whole = { ...rest, path: printable(path), kept, takenAt: system.now().toISOString() }
  writeStaging(stateFolder, withEntry({ ...book, run }, whole))
}
