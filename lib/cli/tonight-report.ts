import type { TonightImage, TonightReport } from '../generated/tonight.js'
import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import { backupSource } from '../lbackup/backup-source.js'
import { excludesFile, literal } from '../lbackup/configuration.js'
import { policyFor } from '../policy/decide.js'
import type { Observed } from '../run/observed.js'
import type { PlanRequest, Tonight } from '../run/plan-type.js'
import { realSource } from '../run/prepare.js'
import { localMachine } from '../run/local-machine.js'
import { knownSlots } from '../run/publish.js'
import { reachMachine } from '../run/reach-machine.js'
import { tellSeeds } from '../run/seed-copies.js'
import { frozenBefore } from '../run/staging.js'
import type { SourceMachine } from '../run/source-machine.js'
import { planTonight } from '../run/tonight.js'
import { workInThread } from '../run/work-in-thread.js'
import { printable } from '../text/printable.js'
import { withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { severityOf } from './findings.js'
import type { Machine } from './machine.js'
import { linkedSource, notInstalled, unproven, wrongDisk } from './tonight-findings.js'

/** Given an LBackup configuration whose source is on a client, return what a backup that started now would do. */
export async function clientTonight(machine: Machine): Promise<TonightReport> {
  const { setup, loaded, system, stateFolder } = machine
  const written = (name: string): string => printable(literal(setup.configuration, name))
  const reached = await reachMachine({
    environment: {
      phase: 'pre',
      useSSH: true,
      sshSource: `${written('sshRemoteUser')}@${written('sshRemoteServer')}`,
    },
    // A terminal that is looked at does without; it is said.
    config: { ...loaded.config, remote: 'continue' },
    system,
    stateFolder,
    lbackup: { pid: process.pid },
  })
  const there = reached.machine
  if (there === undefined) return remoteTonight(machine)
  try {
    return { ...(await tonightOf(machine, there)), useSSH: true }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    // As the pre-backup hook would.
    const { code, message, cure } = error
    const finding: ReportedFinding = { code, severity: 'error', message, cure }
    const base = remoteTonight(machine)
    return { ...base, halt: true, severity: 'error', findings: [...notInstalled(machine), finding] }
  } finally {
    await there.close()
  }
}

/**
 * Given an LBackup configuration and the machine whose images it backs up (this one unless given), return what a backup
 * that started now would do.
 */
export async function tonightOf(machine: Machine, there?: SourceMachine): Promise<TonightReport> {
  const { setup, loaded, system, stateFolder } = machine
  const backupDest = withoutTrailingSlash(literal(setup.configuration, 'backupDest'))
  const written = backupSource(literal(setup.configuration, 'backupSource'))
  const source = there === undefined ? realSource(written) : written
  const request: PlanRequest = {
    system,
    config: loaded.config,
    source,
    excludesFile: excludesFile(setup, setup.configuration),
    ownPaths: there === undefined ? [backupDest, setup.configurationFolder, stateFolder] : [],
    slots: knownSlots({ stateFolder }),
    frozen: frozenBefore({ config: loaded.config, stateFolder, source }),
    machine: there ?? localMachine(system, workInThread(loaded.config.limits.hookMinutes * 60), [process.pid]),
  }
  const tonight = await planTonight(request)
  const findings = [
    ...notInstalled(machine),
    ...(there === undefined ? linkedSource(written) : []),
    ...wrongDisk(backupDest, stateFolder),
    ...(await unproven(request, tonight)),
    ...tonight.findings,
    ...(tonight.halt ? [] : tellSeeds({ stateFolder, environment: { backupDest } }, tonight)),
  ]
  const halt = tonight.halt || findings.some(({ severity }) => severity === 'error')
  const images = tonight.images.map((item) => imageOf(item, tonight, machine))
  return {
    ...head(machine, written.asWritten),
    useSSH: false,
    halt,
    severity: halt ? 'error' : severityOf([...findings, ...images.flatMap(loud)]),
    images,
    findings,
    rules: [...(tonight.excludes?.printable ?? [])],
    entries: tonight.entries,
  }
}

/** Given an LBackup configuration whose source is on another machine, return what little is known before the copy. */
export function remoteTonight(machine: Machine): TonightReport {
  const { setup, loaded, stateFolder } = machine
  const halt = loaded.config.remote === 'halt'
  const slots = knownSlots({ stateFolder })
  const known = slots.length === 0 ? '' : ` Known from earlier runs: ${slots.map(({ path }) => path).join(', ')}.`
  const finding: ReportedFinding = {
    code: 'source-remote',
    severity: halt ? 'error' : 'warning',
    message: halt
      ? 'The source is on another machine, and our settings say remote: halt.'
      : `The source is on another machine: its images and who uses them cannot be seen before the copy. The pre-backup hook makes sure that the source is there; the post-backup hook judges the structure of every copy.${known}`,
  }
  return {
    ...head(machine, literal(setup.configuration, 'backupSource')),
    useSSH: true,
    halt,
    severity: halt ? 'error' : 'warning',
    images: [],
    findings: [...notInstalled(machine), finding],
    rules: [],
    entries: 0,
  }
}

const head = (
  { setup, system }: Machine,
  source: RawPath,
): Pick<TonightReport, 'schema' | 'configuration' | 'source' | 'at'> => ({
  schema: 'tonight/1',
  configuration: printable(setup.configurationFile),
  source: printable(source),
  at: system.now().toISOString(),
})

function imageOf(
  { image, structure, usage, user, copyPath }: Observed,
  tonight: Tonight,
  machine: Machine,
): TonightImage {
  const decision = tonight.decided.get(image.path)
  const { policies } = machine.loaded.config
  const named = policyFor({ path: image.path, user }, policies).match !== undefined
  // What else halts, as two images in one home, is for no policy to say.
  const byPolicy = decision?.code === 'in-use' || decision?.code === 'usage-unknown'
  return {
    slot: image.slot,
    path: printable(image.path),
    user,
    container: image.container,
    encryption: image.encryption,
    bytes: structure.counts.bytes,
    members: structure.counts.members,
    usage: { ...usage, mountPoints: usage.mountPoints.map(printable) },
    copyPath: copyPath === undefined ? null : printable(copyPath),
    decision: decision === undefined ? null : { action: decision.action, code: decision.code, reason: decision.reason },
    ...(decision?.waitMinutes === undefined ? {} : { waitMinutes: decision.waitMinutes }),
    ...(decision?.action === 'halt' && byPolicy && !named ? { paste: policyFrom(user) } : {}),
    findings: structure.findings,
  }
}

/** Waits a while for the user, then copies all the same and calls the copy suspect: nobody else's backup is lost for it. */
const policyFrom = (user: string): string =>
  JSON.stringify({ match: { user }, ifInUse: 'wait', waitMinutes: 30, ifStillInUse: 'copy-and-prove' })

function loud({ decision, findings }: TonightImage): { severity: 'warning'; message: string }[] {
  const doubtful = decision?.action === 'copy-and-prove' || findings.some(({ severity }) => severity === 'error')
  return doubtful ? [{ severity: 'warning', message: '' }] : []
}
