import type { DaemonSeen } from '../generated/seen.js'
import { rememberEvery } from '../daemon/following.js'
import type { Instance } from '../daemon/instance.js'
import { sealOf } from '../daemon/seal.js'
import type { StandingUnit } from '../daemon/plan.js'
import { duration } from '../text/measure.js'
import { found, type DoctorFinding } from './found.js'

/** What is known of the daemon. */
export interface DaemonFacts {
  readonly now: Date
  /** The units that install would write now, and what stands in their places. */
  readonly units: readonly { readonly path: string; readonly sealed: string; readonly standing: StandingUnit }[]
  /** Of them, the one of the daemon itself is installed. */
  readonly installed: boolean
  readonly instance: Instance | undefined
  readonly seen: DaemonSeen | undefined
  /** Ready to be pasted. */
  readonly installCommand: string
  readonly startCommand: string
}

/** Given what is known of the daemon, return what is wrong with it; nothing where it was never installed. */
export function daemonFindings(facts: DaemonFacts): DoctorFinding[] {
  const { installed, instance, startCommand } = facts
  const down = found(
    'daemon-down',
    'warning',
    instance === undefined
      ? 'The daemon is installed and does not run: what happens to images between backups is not seen.'
      : `The daemon is installed and does not run: process ${String(instance.holder.pid)}, which ran since ${instance.holder.since}, is gone.`,
    `Start it: ${startCommand}. Why it ended stands in the system’s log.`,
  )
  const runs = instance?.alive === true
  return [
    ...(installed && !runs ? [down] : []),
    ...(runs ? [...stillFindings(facts), ...rootFindings(facts)] : []),
    ...facts.units.flatMap((unit) => unitFindings(unit, facts)),
  ]
}

/** While LBackup runs, the daemon writes nothing; no backup takes this long in silence of all looks before. */
function stillFindings({ seen, now, instance, startCommand }: DaemonFacts): DoctorFinding[] {
  const last = Date.parse(seen?.at ?? instance?.holder.since ?? '')
  const age = now.getTime() - last
  if (!(age > 3 * rememberEvery)) return []
  const message = `The daemon (process ${String(instance?.holder.pid)}) has not looked for ${duration(age / 1000)}.`
  const cure = `Look for a disk or network volume that hangs, then start it anew: ${startCommand}`
  return [found('daemon-stands-still', 'warning', message, cure)]
}

const rootFindings = ({ seen }: DaemonFacts): DoctorFinding[] =>
  (seen?.roots ?? [])
    .filter(({ stands }) => !stands)
    .map(({ path }) =>
      found(
        'root-lost',
        'warning',
        `${path} is not mounted, or not there: nothing is known of its images.`,
        'Mount it.',
      ),
    )

function unitFindings({ path, sealed, standing }: DaemonFacts['units'][number], facts: DaemonFacts): DoctorFinding[] {
  if (standing === undefined || standing === 'other') return []
  const whose = sealOf(standing.text)
  if (whose === 'changed') {
    const message = `${path} was changed by hand since daemon install wrote it: neither install nor uninstall will touch it.`
    return [
      found('daemon-changed', 'info', message, 'Keep what you changed in a drop-in (systemctl edit), and remove it.'),
    ]
  }
  if (whose === 'foreign' || standing.text === sealed) return []
  const message = `${path} is not what daemon install would write now: Node, this package or a setting changed.`
  return [found('daemon-drift', 'warning', message, `Run: ${facts.installCommand}`)]
}
