import { OperationalError } from '../finding/operational-error.js'
import { backupLock } from '../install/backup-lock.js'
import { lockHolder } from '../lbackup/lock.js'
import { isAlive } from '../lbackup/process-chain.js'
import { lookAtSessions } from '../session/sessions.js'
import { lookAt } from '../system/file.js'
import type { Stats } from '../system/folder-looks.js'
import { hintsFrom, type Hints } from '../system/hints.js'
import type { System } from '../system/system.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'
import { mountTable } from '../watch/eyes.js'
import { glanceAt } from '../watch/glance.js'
import { hintedWait } from '../watch/hinted-wait.js'
import { usesOf } from '../watch/uses.js'
import type { DaemonEyes } from './daemon-type.js'
import type { Freeze } from './freezing.js'
import { unknownDevice, type KnownImage } from './known.js'
import { notebook } from './notebook.js'
import type { Found } from './settle.js'

/** What the eyes of this machine are made from. */
export interface EyesRequest {
  readonly system: System
  readonly stateFolder: RawPath
  /** Of LBackup. */
  readonly configurationFolder: RawPath
  readonly roots: readonly RawPath[]
  /** Files that the daemon was started from; where one changes it ends, to begin anew. */
  readonly settings: readonly RawPath[]
  readonly find: () => Promise<Found>
  readonly freeze: Freeze | undefined
  /** The daemon is called to its end. */
  readonly call: AbortSignal
  /** What cannot be written down. */
  readonly say: (problem: string) => void
}

/** What `called` says where settings changed. */
export const settingsChanged = 'its settings changed'

/** Given what they are made from, return the eyes of this machine. */
export function realEyes(request: EyesRequest): DaemonEyes {
  const { system, stateFolder, configurationFolder, roots, settings, call, say } = request
  const notes = notebook(stateFolder)
  const settingsThen = settings.map(stamp).join()
  const backup = backupWatch(request)
  let hints: Hints = hintsFrom([])
  const aloud = (problem: string | undefined): void => {
    if (problem !== undefined) say(problem)
  }
  return {
    now: () => Date.now(),
    wait: hintedWait(() => hints, call),
    late: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref()),
    called() {
      if (call.aborted) return 'it was asked to end'
      return settings.map(stamp).join() === settingsThen ? undefined : settingsChanged
    },
    backupRuns: backup,
    async find() {
      try {
        return await request.find()
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        say(`The images could not be searched for: ${error.message} ${error.cure}`)
        return undefined
      }
    },
    glance: glanceAt,
    root(path) {
      const stats = statsOf(path)
      return stats?.isDirectory() === true ? { device: stats.dev, inode: stats.ino } : undefined
    },
    volumeStands,
    // On a Mac a program would have to be asked.
    mounts: () => (system.platform === 'linux' ? mountTable() : ''),
    folders: () => roots.map(stamp).join(),
    uses: (images) => usesOf(system, images, [process.pid]),
    async loggedIn() {
      const { sessions, problems } = await lookAtSessions(system)
      return problems.length > 0 ? undefined : new Set(sessions.map(({ user }) => user))
    },
    listen(images) {
      hints.close()
      const places = images.flatMap((image) => image.places)
      hints = hintsFrom([
        ...places.flatMap((path) => [{ folder: path }, { folder: parent(path), name: baseName(path) }]),
        ...roots.map((folder) => ({ folder })),
        { folder: configurationFolder, name: lockName },
      ])
    },
    tell: (lines) => aloud(notes.tell(lines)),
    remember: (seen) => aloud(notes.remember(seen)),
    freeze: request.freeze,
  }
}

const lockName = 'backup_in_progress.lock' as RawPath

/** A lock whose LBackup was found gone is of no LBackup for ever, and on a Mac a program would have to be asked each time. */
function backupWatch({ system, stateFolder, configurationFolder }: EyesRequest): () => Promise<boolean> {
  const gone = { lbackup: '', ours: '' }
  return async () => {
    try {
      const file = stamp(join(configurationFolder, lockName))
      if (file !== 'missing' && file !== gone.lbackup) {
        const { state } = await backupLock(system, configurationFolder)
        if (state === 'running') return true
        gone.lbackup = file
      }
      const holder = lockHolder(stateFolder)
      if (holder === undefined || JSON.stringify(holder) === gone.ours) return false
      if (await isAlive(system, holder)) return true
      gone.ours = JSON.stringify(holder)
      return false
    } catch (error) {
      // Whether a backup runs cannot be told: nothing of ours may then be done.
      if (error instanceof OperationalError) return true
      throw error
    }
  }
}

/** The nearest folder above that is there lies on the volume that the image lay on; of an earlier daemon's that is not known. */
function volumeStands({ path, device }: KnownImage): boolean {
  if (device === unknownDevice) return true
  for (let folder = parent(path); ; folder = parent(folder)) {
    const stats = statsOf(folder)
    if (stats !== undefined) return stats.dev === device
    if (folder === '/' || folder === '') return false
  }
}

const stamp = (path: RawPath): string => {
  const stats = statsOf(path)
  return stats === undefined ? 'missing' : [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(' ')
}

function statsOf(path: RawPath): Stats | undefined {
  try {
    return lookAt(path)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
