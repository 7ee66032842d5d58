import { readHeader } from '../disk/header.js'
import { OperationalError } from '../finding/operational-error.js'
import type { InspectedHeader, InspectedTimeMachine, Inspection } from '../generated/inspection.js'
import type { BandList } from '../image/band-list.js'
import { machineId } from '../image/bundle-head.js'
import { summarise } from '../image/header-summary.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { readTimeMachine, snapshotHistory } from '../image/time-machine.js'
import { readSmallFile } from '../look/small-file.js'
import type { Usage } from '../mount/usage.js'
import { withFolder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import type { Inside } from './inspect-inside.js'

/** All that was seen of an image. */
export interface Seen {
  readonly structure: Structure
  readonly usage: Usage
  readonly list: BandList
  readonly inside: Inside
}

/** Given an image and what was seen of it, return the document that `--json` prints. Reads its header and plists. */
export function inspectionOf(image: Image, { structure, usage, list, inside }: Seen): Inspection {
  const { path, container, recognised, identity, ownerUid } = image
  const { counts, findings, encryption, uuid, newestChange } = structure
  const header = headerOf(image)
  const timeMachine = container === 'sparse-bundle' ? timeMachineOf(image) : undefined
  const { notRead, partitions, volumes, bands } = inside
  const stored =
    container === 'sparse-image' && bands !== undefined
      ? { bands: bands.indexes.length, possibleBands: bands.possibleBands, virtualBytes: bands.virtualBytes }
      : {}
  return {
    schema: 'inspection/1',
    path: printable(path),
    container,
    recognised,
    encryption,
    ...(uuid === undefined ? {} : { uuid }),
    ...(header === undefined ? {} : { header }),
    identity,
    ownerUid,
    usage: { ...usage, mountPoints: usage.mountPoints.map(printable) },
    counts: { ...counts, ...stored, allocated: list.allocated },
    newestChange: new Date(newestChange).toISOString(),
    ...(timeMachine === undefined ? {} : { timeMachine }),
    inside: { ...(notRead === undefined ? {} : { notRead }), partitions, volumes },
    // What is written meanwhile may look like damage, and is none.
    findings: isAtRest(usage) ? [...findings, ...inside.findings] : findings,
  }
}

const isAtRest = ({ state }: Usage): boolean => state === 'detached' || state === 'unknown'

function headerOf(image: Image): InspectedHeader | undefined {
  try {
    const bytes = readHeader(image)
    const summary = bytes === undefined ? undefined : summarise(bytes)
    if (summary === undefined) return undefined
    const { cipher, blockSize, keys } = summary
    return { cipher, blockSize, keys }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return undefined
  }
}

const longestList = 1024 * 1024

function timeMachineOf({ path }: Image): InspectedTimeMachine | undefined {
  const said = withFolder(path, (bundle) =>
    readTimeMachine(readSmallFile(bundle, machineId, longestList), readSmallFile(bundle, snapshotHistory, longestList)),
  )
  if (said === undefined) return undefined
  const { state, checked, backups, newestBackup } = said
  return {
    ...(state === undefined ? {} : { state }),
    ...(checked === undefined ? {} : { checked: new Date(checked).toISOString() }),
    ...(backups === undefined ? {} : { backups }),
    ...(newestBackup === undefined ? {} : { newestBackup: new Date(newestBackup).toISOString() }),
  }
}
