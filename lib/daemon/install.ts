import { weakness } from '../config/ownership.js'
import { OperationalError } from '../finding/operational-error.js'
import { nodePath } from '../install/node-path.js'
import { isUtf8 } from '../install/setup.js'
import { shellWord } from '../install/shell-word.js'
import type { Step } from '../install/steps.js'
import { stateId } from '../lbackup/state-folder.js'
import { lookAt, readFileBounded, realPath } from '../system/file.js'
import { packageFolder } from '../system/package.js'
import { noAnswer } from '../system/tool-answer.js'
import type { Platform, System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromText, join, parent, toBytes, type RawPath } from '../text/raw-path.js'
import { launchdUnits } from './launchd.js'
import { planInstall, planUninstall, type StandingUnit } from './plan.js'
import { systemdUnits } from './systemd.js'
import type { Unit, UnitFacts } from './unit-type.js'

/** What an installation of the daemon is made for. */
export interface DaemonSetup {
  readonly platform: Platform
  readonly configurationFile: RawPath
  readonly stateFolder: RawPath
  /** The staging folder, where images are frozen in one. */
  readonly stagingFolder?: RawPath
  readonly roots: readonly RawPath[]
  readonly followsImages: boolean
  readonly alarmMinutes: number
  /** Where the units belong. */
  readonly folder: RawPath
}

const mostBytes = 1024 * 1024

/** Given the platform, return where units of the whole machine belong. */
export const unitFolder = (platform: Platform): RawPath =>
  fromText(platform === 'macos' ? '/Library/LaunchDaemons' : '/etc/systemd/system')

/** Given the setup, return its units. Throws OperationalError where a path cannot stand in one. */
export function unitsOf(setup: DaemonSetup): Unit[] {
  const { platform, configurationFile, stateFolder, stagingFolder, roots, followsImages, alarmMinutes } = setup
  const program = join(fromText(packageFolder()), 'dist/lib/cli/bin.js')
  const facts: UnitFacts = {
    id: stateId(realPath(configurationFile) ?? configurationFile),
    node: nodePath(process.execPath),
    program: unitText(realPath(program) ?? program),
    configurationFile: unitText(configurationFile),
    writable: [stateFolder, ...(stagingFolder === undefined ? [] : [stagingFolder])].map(unitText),
    roots: roots.map(printable),
    freezes: stagingFolder !== undefined,
    followsImages,
    alarmMinutes,
  }
  return platform === 'macos' ? launchdUnits(facts) : systemdUnits(facts)
}

/** Given the setup, return what `daemon install` would do; nothing is changed. Throws OperationalError. */
export const installSteps = (setup: DaemonSetup): Step[] => planInstall(unitsOf(setup), setup.folder, standingUnit)

/** Given the setup, return what `daemon uninstall` would do; nothing is changed. Throws OperationalError. */
export const uninstallSteps = (setup: DaemonSetup): Step[] => planUninstall(allNames(setup), setup.folder, standingUnit)

/** Whichever of them install once wrote. */
const allNames = (setup: DaemonSetup): string[] => unitsOf({ ...setup, followsImages: true }).map(({ name }) => name)

/** Given the path of a unit, return what stands there. Throws OperationalError. */
export function standingUnit(path: RawPath): StandingUnit {
  const stats = lookAt(path)
  if (stats === undefined) return undefined
  if (!stats.isFile() || stats.size > mostBytes) return 'other'
  return { text: readFileBounded(path, mostBytes).bytes.toString('utf8'), mode: stats.mode & 0o7777 }
}

/** Throws OperationalError where others than root could change what the daemon will run as root. */
export function refuseUnsafe(): void {
  const program = join(fromText(packageFolder()), 'dist/lib/cli/bin.js')
  for (const path of [fromText(process.execPath), program]) {
    for (let at = realPath(path) ?? path; at !== '/'; at = parent(at)) {
      const stats = lookAt(at)
      const why = stats === undefined ? `${printable(at)} is not there: build it` : writableBesides(at, stats)
      if (why !== undefined)
        throw new OperationalError(
          'daemon-unsafe',
          `What root would run can be changed by others: ${why}.`,
          'Do that, then install again.',
        )
    }
  }
}

/** In a folder like /tmp nobody may put another file in the place of ours. */
const writableBesides = (path: RawPath, stats: { uid: number; mode: number }): string | undefined =>
  (stats.mode & 0o1000) !== 0 && stats.uid === 0 ? undefined : weakness(path, stats)

/** Given the setup, return the commands that start what install wrote, or end it, each as its words. */
export function managerCommands(setup: DaemonSetup, what: 'enable' | 'disable'): ManagerCommand[] {
  const { platform, folder } = setup
  const started = unitsOf(setup).filter((unit) => unit.started)
  if (platform === 'linux') {
    const names = started.map(({ name }) => name)
    const reload = { tool: 'systemctl', args: ['daemon-reload'] } as const
    const act = { tool: 'systemctl', args: [what, '--now', ...names] } as const
    return what === 'enable' ? [reload, act] : [act]
  }
  return started.map(({ name }) => ({
    tool: 'launchctl',
    args:
      what === 'enable'
        ? ['bootstrap', 'system', toBytes(join(folder, name)).toString('utf8')]
        : ['bootout', `system/${name.replace(/\.plist$/u, '')}`],
  }))
}

/** A call of the service manager. */
export interface ManagerCommand {
  readonly tool: 'systemctl' | 'launchctl'
  readonly args: readonly string[]
}

/** Given such a call, return it as a line that may be pasted. */
export const commandLine = ({ tool, args }: ManagerCommand): string => [tool, ...args].map(shellWord).join(' ')

/** Given the machine and calls, make them in order. Throws OperationalError at the first that fails. */
export async function callManager(system: System, commands: readonly ManagerCommand[]): Promise<void> {
  for (const command of commands) {
    const failed = noAnswer(
      await system.tool(command.tool, command.args, { timeoutSeconds: 60, maxOutputBytes: mostBytes }),
    )
    if (failed === undefined) continue
    throw new OperationalError('service-manager-failed', `${commandLine(command)}: ${failed}.`, 'Run it by hand.')
  }
}

function unitText(path: RawPath): string {
  // eslint-disable-next-line no-control-regex
  if (isUtf8(path) && !/[\u0000-\u001f\u007f]/u.test(path)) return toBytes(path).toString('utf8')
  throw new OperationalError(
    'path-unusable',
    `The name ${printable(path)} cannot stand in a file of the service manager.`,
    'Rename that folder.',
  )
}
