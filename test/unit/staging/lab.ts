import { chmodSync, chownSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { tasks } from '../../../lib/run/tasks.js'
import { readStaging } from '../../../lib/staging/book.js'
import { stage } from '../../../lib/staging/stage.js'
import type { Stage, StageRequest, StagingSubject } from '../../../lib/staging/stage-type.js'
import { realSystem, type System } from '../../../lib/system/system.js'
import { baseName, fromText, type RawPath } from '../../../lib/text/raw-path.js'
import { writeImage } from '../../scenario/support/set.js'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { lookAt } from '../../../lib/system/file.js'

export const owner = 501

/** An image in a home, a staging folder beside it, and a state folder. */
export interface StagingLab {
  readonly folder: string
  readonly staging: string
  readonly home: string
  readonly image: string
  readonly stateFolder: RawPath
  readonly system: System
  /** The image as it is now. */
  subject(more?: Partial<StagingSubject>): StagingSubject
  /** One more image, of another user of that name. */
  another(name: string): StagingSubject
  request(more?: Partial<StageRequest>): StageRequest
  stage(more?: Partial<StageRequest>): Promise<Stage>
  /** Where it stands in the staging folder. */
  readonly place: string
  standing(): string[]
  book(): ReturnType<typeof readStaging>
}

export const slot = 'bob-0123456789abcdef0123'

/**
 * Given a folder, make them there; the image has five bands, long past, and belongs to a user. `made`: all stands there
 * already.
 */
export function stagingLab(
  folder: string,
  {
    made = false,
    system = realSystem({ platform: 'linux', commandSeconds: 20 }),
  }: { made?: boolean; system?: System } = {},
): StagingLab {
  if (!made) chmodSync(folder, 0o755)
  const [staging, home, state] = ['staging', 'homes/bob', 'state'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const image = join(home, 'bob.sparsebundle')
  if (!made) {
    for (const one of [staging, home, state]) mkdirSync(one, { recursive: true })
    writeImage(image, 'bob')
    own(home)
  }
  const subject = (more: Partial<StagingSubject> = {}): StagingSubject => {
    const path = more.path ?? fromText(image)
    const structure = lookAtStructure({ path, container: 'sparse-bundle' }, { inUse: false })
    return {
      slot,
      name: baseName(fromText(image)),
      path,
      container: 'sparse-bundle',
      inode: lookAt(path)?.ino ?? 0,
      members: structure.counts.members,
      bytes: structure.counts.bytes,
      ownerUid: owner,
      identity: 'file:1',
      atRest: true,
      live: structure.fingerprint,
      ...more,
    }
  }
  const another = (name: string): StagingSubject => {
    const other = join(folder, 'homes', name)
    mkdirSync(other)
    writeImage(join(other, `${name}.sparsebundle`), name)
    own(other)
    const path = fromText(join(other, `${name}.sparsebundle`))
    return subject({ slot: slot.replace('bob', name), path, name: baseName(path), identity: `file:${name}` })
  }
  const stateFolder = fromText(state)
  const request = (more: Partial<StageRequest> = {}): StageRequest => ({
    system,
    stateFolder,
    path: fromText(staging),
    run: 'run-1',
    images: more.images ?? [subject()],
    folders: [],
    asFrozen: new Set(),
    spare: new Set(),
    hardLinks: false,
    reservePercent: 0,
    apart: [stateFolder],
    deadline: Date.now() + 120_000,
    look: (orders) => Promise.resolve(tasks.look(orders)),
    atRest: (images) => Promise.resolve(new Set(images.map((one) => one.slot))),
    ...more,
  })
  return {
    folder,
    staging,
    home,
    image,
    stateFolder,
    system,
    subject,
    another,
    request,
    stage: (more) => stage(request(more)),
    place: join(staging, slot, 'bob.sparsebundle'),
    standing: () => readdirSync(staging),
    book: () => readStaging(stateFolder),
  }
}

/** The code of the error that this throws. */
export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action()
    return 'nothing thrown'
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error.code
  }
}

function own(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, name), owner, owner)
  chownSync(folder, owner, owner)
}
