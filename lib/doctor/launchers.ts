import { limitSeconds, renderLauncher, type LauncherFacts } from '../install/launcher.js'
import type { StandingLauncher } from '../install/standing.js'
import type { Phase } from '../lbackup/exit-codes.js'
import { list } from '../text/measure.js'
import { found, type DoctorFinding } from './found.js'

/** What our hooks are compared with. */
export interface LauncherLook {
  readonly launchers: Readonly<Record<Phase, StandingLauncher>>
  readonly template: string
  /** What `install` would make them from now; undefined where that cannot be known. */
  readonly wanted: Omit<LauncherFacts, 'phase'> | undefined
  /** Tells whether a program stands at a path. */
  readonly isProgram: (path: string) => boolean
  /** The command that installs, ready to be pasted. */
  readonly installCommand: string
}

/** Given our hooks as they stand, return what keeps them from running, and where they no longer are what install makes. */
export function launcherFindings(look: LauncherLook): DoctorFinding[] {
  const absent = (['pre', 'post'] as const).filter((phase) => look.launchers[phase].state === 'absent')
  const run = `Run: ${look.installCommand}`
  if (absent.length > 0) {
    const which = absent.length === 2 ? 'Our hooks are' : `Our ${absent[0] as Phase}-backup hook is`
    return [
      found('hook-not-installed', 'error', `${which} not installed: LBackup copies images in use like any file.`, run),
    ]
  }
  return (['pre', 'post'] as const).flatMap((phase) => launcherFinding(phase, look.launchers[phase], look, run))
}

function launcherFinding(phase: Phase, launcher: StandingLauncher, look: LauncherLook, run: string): DoctorFinding[] {
  if (launcher.state !== 'ours') {
    return [
      found(
        'hook-foreign',
        'error',
        `The ${phase} action under our name was not made by install.`,
        `Move it away. ${run}`,
      ),
    ]
  }
  if ((launcher.mode & 0o111) === 0) {
    return [
      found(
        'action-not-run',
        'error',
        `Our ${phase}-backup hook may not be executed; LBackup passes it over without a word.`,
        run,
      ),
    ]
  }
  const node = installed(launcher.text, 'node')
  if (node === undefined || !look.isProgram(node)) {
    return [
      found(
        'node-gone',
        'error',
        `Node is no longer at ${node ?? 'the place'} that our ${phase}-backup hook starts; every backup would be halted.`,
        run,
      ),
    ]
  }
  if (look.wanted === undefined) return []
  // Another Node than the one that runs now is no drift as long as it is there.
  if (launcher.text === renderLauncher(look.template, { ...look.wanted, node, phase })) return []
  const drifted = driftOf(launcher.text, look.wanted)
  const what = drifted.length === 0 ? 'it was edited, or made by another version' : list(drifted)
  return [
    found('launcher-drift', 'warning', `Our ${phase}-backup hook is not what install would make now: ${what}.`, run),
  ]
}

function driftOf(text: string, wanted: Omit<LauncherFacts, 'phase'>): string[] {
  const pairs = [
    ['onCrash', 'on_crash', wanted.onCrash],
    ['excludes_filename', 'excludes_name', wanted.excludesName],
    ['the package', 'package', wanted.package],
    ['its limit, from limits.hookMinutes,', 'limit_seconds', `${String(limitSeconds(wanted))} s`],
  ] as const
  return pairs.flatMap(([word, name, now]) => {
    const then = installed(text, name)
    return then === now ? [] : [`${word} is ${then ?? 'nothing'} in it, ${now} now`]
  })
}

/** Given a launcher's text and the name of one of its variables, return what it was made with. */
function installed(text: string, name: string): string | undefined {
  const [, word, number] = new RegExp(`^${name}=(?:'(.*)'|(\\d+))$`, 'm').exec(text) ?? []
  return number === undefined ? word?.replaceAll(String.raw`'\''`, "'") : `${number} s`
}
