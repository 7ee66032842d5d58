import { closeFolder, openFolder } from '../system/folder.js'
import type { RawPath } from '../text/raw-path.js'
import { freezeImage, type FreezeOrder } from './freeze-image.js'

/** As FreezeOrder, as plain data: `into` is the path of a folder of ours that nobody else can swap. */
export type ThreadOrder = Omit<FreezeOrder, 'into'> & { readonly into: RawPath }

export const tasks = {
  freeze({ into, ...order }: ThreadOrder): number {
    const folder = openFolder(into)
    try {
      return freezeImage({ ...order, into: folder })
    } finally {
      closeFolder(folder)
    }
  },
}
