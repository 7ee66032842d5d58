import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { betweenRuns } from './freezing-lock.js'
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
 * kept only where it was at rest before and after; it then carries since when. Where it cannot be frozen, what was frozen
 * of it before stays, and so does an entry of its slot that is still what the image is. Throws OperationalError,
 * `run-in-progress` while a run has our lock or somebody else freezes.
 */
export function freeze({ image, ...request }: FreezeRequest): Promise<Frozen> {
  const { system, stateFolder } = request
  return betweenRuns(system, stateFolder, async () => {
    const wanted = { run: null, images: [image], folders: [], asFrozen: new Set<string>(), spare: 'all' } as const
    const { images, refused } = await stage({ ...request, ...wanted })
    const [staged, because] = [images.get(image.slot), refused.get(image.slot)]
    return staged === undefined || because !== undefined ? { because: because ?? 'nothing was made of it' } : staged
  })
}

/** Given the state folder and a slot, remove what is frozen of it; none is fine. Throws OperationalError as `freeze`. */
export const thaw = (system: System, stateFolder: RawPath, slot: string): Promise<void> =>
  betweenRuns(system, stateFolder, () => dropFrozen(system, stateFolder, [slot]))
