import { OperationalError } from '../finding/operational-error.js'
import { lockHolder } from '../lbackup/lock.js'
import { isAlive } from '../lbackup/process-chain.js'
import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { dropFrozen } from './remove.js'
import { stage } from './stage.js'
import type { StagedImage, StageRequest, StagingSubject } from './stage-type.js'

/** What came of freezing one image: how it stands in the staging folder, or why it does not, half a sentence. */
export type Frozen = StagedImage | { readonly because: string }

export type FreezeRequest = Omit<StageRequest, 'run' | 'images' | 'folders' | 'asFrozen' | 'spare'> & {
  readonly image: StagingSubject
}

/**
 * Given an image that nothing uses, as at its user's logout, freeze it in the staging folder for the runs to come. It is
 * kept only where it was at rest before and after; it then carries since when. An entry of its slot that is still what the
 * image is stays. Throws OperationalError, `run-in-progress` while a run has our lock.
 */
export async function freeze({ image, ...request }: FreezeRequest): Promise<Frozen> {
  const { system, stateFolder } = request
  await refuseDuringRun(system, stateFolder)
  const { images, refused } = await stage({
    ...request,
    run: null,
    images: [image],
    folders: [],
    asFrozen: new Set(),
    spare: 'all',
  })
  const staged = images.get(image.slot)
  if (staged === undefined) return { because: refused.get(image.slot) ?? 'nothing was made of it' }
  if (staged.entry.atRestSince !== undefined) return staged
  await thaw(system, stateFolder, image.slot)
  return { because: 'it came into use, or changed, while it was frozen' }
}

/** Given the state folder and a slot, remove what is frozen of it; none is fine. Throws OperationalError as `freeze`. */
export async function thaw(system: System, stateFolder: RawPath, slot: string): Promise<void> {
  await refuseDuringRun(system, stateFolder)
  await dropFrozen(system, stateFolder, [slot])
}

async function refuseDuringRun(system: System, stateFolder: RawPath): Promise<void> {
  const holder = lockHolder(stateFolder)
  if (holder === undefined || !(await isAlive(system, holder))) return
  throw new OperationalError(
    'run-in-progress',
    `A backup is running since ${holder.since}; what it froze is not touched.`,
    'Wait until it is done.',
  )
}
