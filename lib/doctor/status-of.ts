import { OperationalError } from '../finding/operational-error.js'
import type { Status } from '../generated/status.js'
import { isDamaged, readStatus } from '../run/record.js'
import { join, type RawPath } from '../text/raw-path.js'
import { printable } from '../text/printable.js'

/** Given the state folder, return the status of the last runs; undefined: no run yet. Throws OperationalError. */
export function statusOf(stateFolder: RawPath): Status | undefined {
  const status = readStatus(stateFolder)
  if (!isDamaged(status)) return status
  throw new OperationalError(
    'state-unreadable',
    `What is known of earlier runs, ${printable(join(stateFolder, 'status.json'))}, cannot be used: ${status.damaged}.`,
    'Move it away; the next run starts a new one.',
  )
}
