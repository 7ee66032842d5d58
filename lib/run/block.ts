import { OperationalError } from '../finding/operational-error.js'
import { putBlock, readExcludes } from '../link/apply.js'
import { refuseReset, withBlock } from '../link/block.js'
import type { BlockOwner, ExcludesPlan } from '../link/excludes-type.js'
import { planExcludes } from '../link/plan.js'
import { excludedByAdministrator, proveBlock, type AdministratorLook } from '../link/proof.js'
import type { Decision } from '../policy/policy-type.js'
import { list } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import type { Observation } from './observed.js'
import type { PlanRequest } from './plan-type.js'
import { stagedPlaces, stagedWishes } from './staged-wishes.js'
import { places, wishes } from './wishes.js'

/**
 * Given what was observed, return what the administrator's own lines leave out of it; undefined where there is nothing
 * they could concern. Throws OperationalError where a line would cancel every rule of ours.
 */
export async function administratorLook(
  { system, source, excludesFile, config }: PlanRequest,
  { images, accounts }: Observation,
): Promise<AdministratorLook | undefined> {
  const staging = config.source.mode === 'staging'
  const { file, parts } = readExcludes(excludesFile)
  refuseReset(parts.administrator, file)
  if (parts.administrator.length === 0 || images.length + accounts.length === 0) return undefined
  return excludedByAdministrator(system, {
    source: source.asWritten,
    realSource: source.path,
    wishes: staging ? stagedPlaces(images) : places(images, accounts),
    excludes: parts.administrator,
  })
}

/** Given what was observed and decided, return the plan of the block; undefined: rsync needs to be told nothing. */
export function planBlock(
  { system, source, machine, config }: PlanRequest,
  observation: Observation,
  decided: ReadonlyMap<RawPath, Decision>,
): ExcludesPlan | undefined {
  const { images, accounts, volumes } = observation
  const plan = planExcludes({
    source: source.asWritten,
    realSource: source.path,
    wishes:
      config.source.mode === 'staging'
        ? stagedWishes(observation, decided, source.path, config.source.folders.map(fromPrintable))
        : wishes(images, decided, accounts, inside(source.path, volumes)),
    // The rules hold where rsync reads the source, and are checked here: the narrower limits of the two count.
    platform: machine.platform === 'macos' ? 'macos' : system.platform,
  })
  // One rule keeps a user's folder with our name out of the section's root; only contents of a folder lie there.
  return plan.rules.length > 1 || source.trailingSlash ? plan : undefined
}

/** A volume that the source lies on is the backup's own affair. */
const inside = (source: RawPath, volumes: readonly RawPath[]): RawPath[] =>
  volumes.filter((path) => path !== source && isWithin(path, source))

/**
 * Given the run and the plan, prove with rsync that the block does what the plan says, then put it into the excludes
 * file. Throws OperationalError; then the file is as it was.
 */
export async function enforce(
  context: RunContext,
  plan: ExcludesPlan,
  administrator: AdministratorLook | undefined,
): Promise<void> {
  const owner: BlockOwner = {
    run: context.runId,
    lbackupPid: context.lbackup.pid,
    lbackupStarted: Math.floor(context.startedAt.getTime() / 1000),
  }
  const { file, bytes } = readExcludes(context.excludesFile)
  const proposed = withBlock(bytes, owner, plan.rules)
  const differences = await proveBlock(context.system, {
    plan,
    excludes: proposed,
    ...(administrator === undefined ? {} : { administrator }),
  })
  if (differences.length > 0) throw notProven(file, differences)
  const change = putBlock(context.excludesFile, plan, owner)
  if (!change.bytes.equals(proposed)) {
    throw new OperationalError(
      'file-changed-meanwhile',
      `${printable(file)} was changed by somebody else while the backup was being prepared.`,
      'Run again when nobody is editing it.',
    )
  }
  for (const text of change.notes) context.say({ loudness: 'warning', text })
}

const notProven = (file: RawPath, differences: readonly string[]): OperationalError =>
  new OperationalError(
    'excludes-not-proven',
    `With the lines in ${printable(file)}, the backup would not take what was decided: ${list(differences.slice(0, 5))}`,
    'Change the line of the excludes file that gets in the way.',
  )
