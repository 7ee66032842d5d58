import { align } from '../image/member-align.js'
import type { Image } from '../image/image.js'
import type { SourceSide } from '../prove/source-side.js'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { sameTime } from '../verify/reuse.js'
import type { Client } from './client-type.js'
import { clientBytes } from './digests.js'
import { fingerprintsOf } from './looks.js'

// It tells whole seconds, and the call takes a moment.
const unsureMilliseconds = 2500

const aheadOf = (clock: number, began: number): number =>
  Math.abs(clock - began) <= unsureMilliseconds ? 0 : clock - began

/** Given a client and an image on it, return it as the source of a comparison: by the same rules as one on this machine. */
export function clientSide(client: Client, image: Pick<Image, 'path' | 'container'>): SourceSide {
  const look = async () => {
    const began = Date.now()
    const { images, lookedAt } = await fingerprintsOf(client, [image])
    const members = images.get(image.path)
    if (members?.own === undefined) {
      const message = `${printable(image.path)} is not there on the client any more.`
      throw new OperationalError('image-missing', message, 'See whether its user logged in or out meanwhile.')
    }
    return {
      table: members.table,
      lookedAt,
      ahead: aheadOf(lookedAt / 1000, began),
      written: members.own.modified * 1000,
    }
  }
  return {
    look,
    async changedRows(before, read) {
      const changed = Uint8Array.from(read)
      if (!read.includes(1)) return changed
      const { table: now } = await look()
      const rows = align(before, now)
      for (let row = 0; row < before.length; row += 1) {
        const at = rows[row] as number
        const same =
          at >= 0 &&
          before.inode[row] === now.inode[at] &&
          before.size[row] === now.size[at] &&
          sameTime(before.modified[row] as number, now.modified[at] as number) &&
          sameTime(before.changed[row] as number, now.changed[at] as number)
        if (same) changed[row] = 0
      }
      return changed
    },
    // A client tells that a member is a link, not where it leads; the structure check finds such an image bad anyway.
    linkTarget: () => undefined,
    bytes: clientBytes(client, image.path),
  }
}
