import { OperationalError } from '../finding/operational-error.js'
import type { Phase } from '../lbackup/exit-codes.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { renderLauncher, type LauncherFacts } from './launcher.js'
import { launcherPath, type Standing } from './standing.js'
import type { Step } from './steps.js'

export const launcherMode = 0o755
const phases: readonly Phase[] = ['post', 'pre']

/** What an installation is made from. */
export interface InstallRequest {
  readonly standing: Standing
  /** `hooks/launcher.sh`. */
  readonly template: string
  readonly launcher: Omit<LauncherFacts, 'phase'>
  /** The commented filevault.json with every setting at its default. */
  readonly sample: string
}

/** Given what stands and what is wanted, return the steps that lead there; none: it stands already. Throws OperationalError. */
export function planInstall({ standing, template, launcher, sample }: InstallRequest): Step[] {
  refuseBlanks(standing.folder)
  const folders = standing.missingFolders.map((path) => ({ kind: 'make-folder', path }) as const)
  const settings =
    standing.settings === undefined
      ? [{ kind: 'write-file', path: join(standing.folder, 'filevault.json'), text: sample, mode: 0o644 } as const]
      : []
  // The pre hook last: without a post hook beside it no run may be protected by half.
  const launchers = phases.flatMap((phase) =>
    writeLauncher(standing, phase, renderLauncher(template, { ...launcher, phase })),
  )
  return [...folders, ...settings, ...launchers]
}

/** Given what stands, the sample and, where lines of ours are left in it, the excludes file, return what to remove. */
export function planUninstall(standing: Standing, sample: string, excludesWithBlock: RawPath | undefined): Step[] {
  const settings = join(standing.folder, 'filevault.json')
  return [
    // First: without our hooks nobody would ever take these lines out.
    ...(excludesWithBlock === undefined ? [] : [{ kind: 'strip-block', path: excludesWithBlock } as const]),
    ...phases.toReversed().flatMap((phase) => {
      const ours = standing.launchers[phase].state === 'ours'
      return ours ? [{ kind: 'remove-file', path: launcherPath(standing.folder, phase) } as const] : []
    }),
    ...(standing.settings === sample ? [{ kind: 'remove-file', path: settings } as const] : []),
    ...standing.madeFolders.toReversed().map((path) => ({ kind: 'remove-folder', path }) as const),
  ]
}

function writeLauncher({ folder, launchers }: Standing, phase: Phase, text: string): Step[] {
  const before = launchers[phase]
  const path = launcherPath(folder, phase)
  if (before.state === 'foreign') {
    throw new OperationalError(
      'launcher-foreign',
      `${printable(path)} is there already and was not made by lbackup-filevault; nothing was changed.`,
      'Look at what it is, and move it away.',
    )
  }
  if (before.state === 'absent') return [{ kind: 'write-file', path, text, mode: launcherMode }]
  if (before.text === text && before.mode === launcherMode) return []
  return [{ kind: 'write-file', path, text, mode: launcherMode, before: { text: before.text, mode: before.mode } }]
}

/** LBackup splits this path at blanks after its hooks have run, finds no excludes file and halts. */
function refuseBlanks(folder: RawPath): void {
  if (!/\s/.test(folder)) return
  throw new OperationalError(
    'configuration-folder-blank',
    `The folder of LBackup's configuration, ${printable(folder)}, has a blank in its path; LBackup runs its hooks and then stops.`,
    'Move the configuration to a folder without blanks.',
  )
}
