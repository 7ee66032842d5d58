import type { DaemonLine } from '../generated/daemon.js'
import type { DaemonSeen } from '../generated/seen.js'
import type { RawPath } from '../text/raw-path.js'
import type { Glance } from '../watch/glance.js'
import type { Freeze } from './freezing.js'
import type { KnownImage } from './known.js'
import type { Pace } from './pace.js'
import type { PlaceLook } from './places.js'
import type { Found } from './settle.js'
import type { Uses } from './uses.js'

/** How the daemon sees and tells; tests hand in other ones. */
export interface DaemonEyes extends Omit<PlaceLook, 'lies' | 'searching'> {
  now(): number
  /** Waits so many milliseconds, less where something hints at a change, or until `called` gives a reason. */
  wait(milliseconds: number): Promise<void>
  /** Waits so many milliseconds, whatever happens. */
  late(milliseconds: number): Promise<void>
  /** Half a sentence why the daemon is to end; undefined: it is not. */
  called(): string | undefined
  /** A backup of this configuration runs: what happens then is for its own watch to tell. */
  backupRuns(): Promise<boolean>
  /** Searches; undefined: that could not be done. */
  find(): Promise<Found | undefined>
  /** Where an image lies, and the state of the members that tell of its use. */
  glance(image: KnownImage): Glance
  /** A text that changes with what is mounted; the same for ever where that costs too much to find out. */
  mounts(): string
  /** A text that changes with the folders that are searched, as where a home is new, gone or renamed. */
  folders(): string
  uses(images: readonly KnownImage[]): Promise<Uses>
  /** Who is logged in; undefined: not known. */
  loggedIn(): Promise<ReadonlySet<string> | undefined>
  /** Listens for hints at the places of these images. */
  listen(images: readonly KnownImage[]): void
  tell(lines: readonly DaemonLine[]): void
  remember(seen: DaemonSeen): void
  readonly freeze?: Freeze | undefined
}

/** What the daemon is to do. */
export interface DaemonOrder extends Pace {
  /** The folders that are searched. */
  readonly roots: readonly RawPath[]
  /** What an earlier daemon saw last. */
  readonly seen: DaemonSeen | undefined
}
