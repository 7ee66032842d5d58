import { OperationalError } from '../finding/operational-error.js'
import type { Container } from '../image/image.js'
import { buildImage } from '../keep/build-image.js'
import { demandSpace } from '../keep/space.js'
import { swapIn } from '../keep/swap.js'
import { finishWork, openWork, type Work } from '../keep/work-folder.js'
import type { Section } from '../lbackup/sections.js'
import { prove } from '../prove/prove.js'
import type { Proof, ProveRequest } from '../prove/proof-type.js'
import { lookAt } from '../system/file.js'
import { makeOrOpenFolderIn } from '../system/folder-writes.js'
import { closeFolder } from '../system/folder.js'
import { fromPrintable } from '../text/printable.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import type { LookedAt } from './look-at-section.js'
import { granularityMilliseconds } from './prove-copy.js'
import { isFrozen, readPath } from './recorded.js'
import type { SourceMachine } from './source-machine.js'

const rounds = 2

/** What came of a repair: the proof of what lies in the section now, or why it was not repaired. */
export type Repaired = { readonly proof: Proof } | { readonly because: string }

export interface RepairOrder {
  readonly looked: LookedAt
  readonly section: Section
  /** What is wrong with the copy. */
  readonly proof: Proof
  /** Milliseconds since 1970. */
  readonly deadline: number
}

/**
 * Given a wrong copy, copy its wrong members again while nothing uses the image: the whole image is built in the work
 * folder, compared byte for byte, and only then put in the copy's place. Nothing is thrown but bugs.
 */
export async function repairCopy(context: RunContext, machine: SourceMachine, order: RepairOrder): Promise<Repaired> {
  const { looked, proof } = order
  let wrong = proof
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const used = await inUse(machine, looked)
      if (used !== undefined) return { because: used }
      if (Date.now() > order.deadline) return { because: 'the time of this run is over' }
      const repaired = await repairOnce(context, machine, order, wrong)
      if (repaired.result === 'proven') return { proof: repaired }
      if (repaired.result !== 'wrong') break
      wrong = { ...repaired, manifest: proof.manifest, wrong: [...proof.wrong, ...repaired.wrong] }
    }
    return { because: 'the image went on changing while its members were copied again' }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { because: error.message.replace(/\.$/, '') }
  }
}

async function repairOnce(
  context: RunContext,
  machine: SourceMachine,
  order: RepairOrder,
  wrong: Proof,
): Promise<Proof> {
  const { looked, section, deadline } = order
  const { image, place } = looked
  const { backupDest } = context.environment
  const name = baseName(place)
  const source = readPath(image)
  const work = openWork(backupDest, context.runId, image.slot)
  try {
    const members = (extra: boolean): RawPath[] => [
      ...new Set(wrong.wrong.filter(({ kind }) => (kind === 'extra') === extra).flatMap((one) => one.members)),
    ]
    const began = Date.now()
    const there = { path: source, container: image.container }
    // What is fetched from another machine takes its room twice for a while.
    demandSpace(work.folder, image.members, machine.here ? bytesOf(source, image.container, members(false)) : 0)
    const from = await machine.fetch(there, members(false), fetchFolder(work))
    buildImage({
      from: place,
      container: image.container,
      into: work.built,
      name,
      how: 'link',
      leaveOut: new Set(members(true)),
      replace: { source: from, members: members(false) },
      deadline,
    })
    const request: ProveRequest = {
      source,
      side: machine.side(there),
      copy: join(work.built.path, name),
      container: image.container,
      lookedBefore: began,
      copiedBefore: Date.now(),
      still: false,
      // The good members are the files that the section holds, and what older manifests know of them stands in this one.
      trusted: [{ image: place, read: () => order.proof.manifest }],
      granularity: granularityMilliseconds,
      deadline,
    }
    const proof = await prove(request)
    if (proof.result !== 'proven' || (await inUse(machine, looked)) !== undefined) return proof
    swapIn({ work, section, copyPath: fromPrintable(image.copyPath ?? ''), name })
    return proof
  } finally {
    finishWork(work, backupDest)
  }
}

/** Where members are fetched to from another machine; removed with the work folder. */
function fetchFolder({ folder }: Work): RawPath {
  const name = 'fetched' as RawPath
  closeFolder(makeOrOpenFolderIn(folder, name))
  return join(folder.path, name)
}

/** What the members that are copied again take. */
const bytesOf = (source: RawPath, container: Container, members: readonly RawPath[]): number =>
  container === 'sparse-image'
    ? (lookAt(source)?.size ?? 0)
    : members.reduce((sum, member) => sum + (lookAt(join(source, member))?.size ?? 0), 0)

/** Half a sentence, or undefined where nothing uses it. */
async function inUse(machine: SourceMachine, { image }: LookedAt): Promise<string | undefined> {
  if (isFrozen(image)) return undefined
  const path = fromPrintable(image.path)
  const place = await machine.placeOf(path)
  if (place === undefined) return 'the image is gone'
  const { usages } = await machine.uses([{ path, container: image.container, ...place }], 0)
  const state = usages.get(path)?.state ?? 'unknown'
  return state === 'detached'
    ? undefined
    : `the image is ${state === 'unknown' ? 'perhaps in use' : state.replaceAll('-', ' ')}`
}
