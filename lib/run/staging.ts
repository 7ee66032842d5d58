import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import type { StagedImage as RecordedStage } from '../generated/run.js'
import { policyFor } from '../policy/decide.js'
import type { Decision } from '../policy/policy-type.js'
import { notedIn, readStaging, stagingPlace } from '../staging/book.js'
import { dropFrozen, endStaging } from '../staging/remove.js'
import { stage } from '../staging/stage.js'
import type { Stage, StagedImage, StageRequest, StagingSubject } from '../staging/stage-type.js'
import type { StagedEntry } from '../staging/staging-type.js'
import { lookAt, realPath } from '../system/file.js'
import { fromPrintable, printable } from '../text/printable.js'
import { baseName } from '../text/raw-path.js'
import { ownPaths, type RunContext } from './context.js'
import { orphaned } from './orphan.js'
import { readAt, type Observed } from './observed.js'
import type { Tonight } from './plan-type.js'
import type { SourceMachine } from './source-machine.js'
import { stagingFindings, timeMachineFinding } from './staging-findings.js'
import { aloneInStaging } from './staging-turn.js'

const minute = 60_000

/** Given the run, tell whether LBackup copies a staging folder. */
export const isStaging = ({ config }: Pick<RunContext, 'config'>): boolean => config.source.mode === 'staging'

/** Given the run, return what stands frozen in the staging folder from before. */
export function frozenBefore(context: Pick<RunContext, 'config' | 'stateFolder' | 'source'>): readonly StagedEntry[] {
  const { path } = context.source
  const stats = isStaging(context) ? lookAt(path) : undefined
  return stats === undefined ? [] : notedIn(readStaging(context.stateFolder), stagingPlace(path, stats)).entries
}

/**
 * Given a run with a staging folder and its plan, freeze there what is to be copied, and return the plan as it holds from then
 * on: of each image what stands there counts. Throws OperationalError where the folder cannot be used, or where nothing
 * stands in it because it could not: LBackup would call an empty folder a success.
 */
export async function stageTonight(context: RunContext, tonight: Tonight): Promise<Tonight> {
  if (tonight.halt) return tonight
  const { machine, config } = context
  if (machine?.here !== true) throw remote
  const wanted = tonight.images.filter(({ image }) => isCopied(tonight.decided.get(image.path)))
  const request = requestOf(context, machine, tonight, wanted)
  const staged = await stage(request)
  const decided = new Map(tonight.decided)
  const images = tonight.images.map((item): Observed => {
    const decision = tonight.decided.get(item.image.path)
    if (decision === undefined || !isCopied(decision)) return item
    const stands = staged.images.get(item.image.slot)
    const instead = decidedAnew(context, item, decision, staged)
    if (instead !== undefined) decided.set(item.image.path, instead)
    return stands === undefined || instead?.action === 'leave-out' ? item : standing(item, stands, staged)
  })
  // rsync must not find what is not to be copied after all.
  const dropped = images.filter(({ image, staged: how }) => how === undefined && staged.images.has(image.slot))
  await dropFrozen(
    context.system,
    context.stateFolder,
    dropped.map(({ image }) => image.slot),
  )
  const unstaged = [...decided.values()].find(({ code }) => code === 'not-staged')
  const isEmpty = config.source.folders.length === 0 && !images.some((item) => item.staged !== undefined)
  // Left out for its use is by the policy's wish, as in place.
  if (unstaged !== undefined && isEmpty) throw nothingStands(unstaged)
  return {
    ...tonight,
    images,
    decided,
    findings: [...tonight.findings, ...stagingFindings(images), ...(await timeMachineFinding(context))],
  }
}

const isCopied = (decision: Decision | undefined): boolean =>
  decision?.action === 'copy' || decision?.action === 'copy-and-prove'

function requestOf(
  context: RunContext,
  machine: SourceMachine,
  { images, decided }: Tonight,
  wanted: readonly Observed[],
): StageRequest {
  const { config, system, stateFolder, source, runId, startedAt } = context
  const isFrozen = ({ image }: Observed): boolean => decided.get(image.path)?.code === 'frozen'
  return {
    system,
    stateFolder,
    path: source.path,
    run: runId,
    images: wanted.filter((item) => !isFrozen(item)).map((item) => subject(item)),
    folders: config.source.folders.map(fromPrintable),
    asFrozen: new Set(wanted.filter(isFrozen).map(({ image }) => image.slot)),
    spare: new Set(images.filter((item) => !wanted.includes(item)).map(({ image }) => image.slot)),
    hardLinks: config.source.hardLinks,
    reservePercent: config.source.reservePercent,
    apart: ownPaths(context).map((path) => realPath(path) ?? path),
    deadline: startedAt.getTime() + config.limits.hookMinutes * minute * 0.9,
    look: (orders) => machine.look(orders),
    atRest: (subjects) => atRest(machine, wanted, subjects),
  }
}

function subject(item: Observed): StagingSubject {
  const { image, structure, usage } = item
  const { slot, path, container, inode, identity, ownerUid } = image
  return {
    slot,
    path,
    container,
    inode,
    identity,
    ownerUid,
    name: baseName(readAt(item)),
    members: structure.counts.members,
    bytes: structure.counts.bytes,
    atRest: usage.state === 'detached',
    live: structure.fingerprint,
  }
}

/** Which of these nothing uses now. */
async function atRest(
  machine: SourceMachine,
  wanted: readonly Observed[],
  subjects: readonly StagingSubject[],
): Promise<ReadonlySet<string>> {
  if (subjects.length === 0) return new Set()
  const images = wanted.map(({ image }) => image).filter(({ slot }) => subjects.some((one) => one.slot === slot))
  const { usages } = await machine.uses(images, 0)
  return new Set(images.filter(({ path }) => usages.get(path)?.state === 'detached').map(({ slot }) => slot))
}

function standing(
  item: Observed,
  { entry, place, structure, asFrozen }: StagedImage,
  { refused }: Pick<Stage, 'refused'>,
): Observed {
  const { kind, takenAt, atRestSince } = entry
  const notFrozenAnew = refused.get(item.image.slot)
  const staged: RecordedStage = {
    place: printable(place),
    kind,
    takenAt,
    ...(atRestSince === undefined ? {} : { atRestSince }),
    ...(asFrozen ? { frozenBefore: true } : {}),
    ...(notFrozenAnew === undefined ? {} : { notFrozenAnew }),
  }
  return { ...item, structure, staged }
}

/** What is to become of an image by how it stands; undefined: what was decided. */
function decidedAnew(
  context: RunContext,
  item: Observed,
  decision: Decision,
  { images, refused }: Stage,
): Decision | undefined {
  const { slot, path, code } = decision
  const [stands, why] = [images.get(slot), refused.get(slot)]
  if (stands === undefined) {
    const reason = `it cannot stand in the staging folder: ${why ?? 'nothing was made of it'}`
    return { slot, path, action: 'leave-out', code: 'not-staged', reason }
  }
  if (!stands.asFrozen) return cameIntoUse(context, item, decision, stands)
  if (code === 'frozen') return undefined
  const then = `it was frozen at ${stands.entry.atRestSince ?? stands.entry.takenAt}, when nothing used it`
  const reason = `${then}; ${why === undefined ? usedMeanwhile : `it could not be frozen anew: ${why}`}`
  return { slot, path, action: 'copy', code: 'frozen', reason }
}

const usedMeanwhile = 'it came into use, or changed, while it was frozen'

/** It was at rest when that was decided. What was frozen of it since is no one moment, which only one policy wants. */
function cameIntoUse(
  { config }: RunContext,
  { image: { path }, usage, user }: Observed,
  decision: Decision,
  { atRest }: StagedImage,
): Decision | undefined {
  if (atRest || usage.state !== 'detached') return undefined
  const { slot } = decision
  const proves = policyFor({ user, path }, config.policies).ifInUse === 'copy-and-prove'
  return { slot, path, action: proves ? 'copy-and-prove' : 'leave-out', code: 'in-use', reason: usedMeanwhile }
}

/**
 * Given the run, or the next one after it died, remove from the staging folder what is not kept, and all of it where there
 * is no such mode any more. Returns what is to be said of it.
 */
export async function unstage(
  context: Pick<RunContext, 'config' | 'system' | 'stateFolder' | 'lbackup'>,
): Promise<ReportedFinding[]> {
  try {
    // Where nothing was ever staged, nobody is to be waited for.
    if (!isStaging(context) && readStaging(context.stateFolder) === undefined) return []
    await aloneInStaging(context, () => endStaging(context.system, context.stateFolder, { keep: isStaging(context) }))
    return []
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code === orphaned) throw error
    return [{ code: 'staging-left', severity: 'warning', message: error.message, cure: error.cure }]
  }
}

const remote = new OperationalError(
  'staging-remote',
  'A staging folder holds images of this machine, and backupSource is on another one.',
  'Set source.mode to in-place in filevault.json.',
)

const nothingStands = ({ path, reason }: Decision): OperationalError =>
  new OperationalError(
    'staging-empty',
    `Nothing stands in the staging folder; of ${printable(path)}, ${reason}.`,
    'Put the staging folder on the volume of the homes, or set source.mode to in-place in filevault.json.',
  )
