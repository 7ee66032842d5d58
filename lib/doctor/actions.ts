import { launcherMark, launcherNames } from '../install/launcher.js'
import type { Phase } from '../lbackup/exit-codes.js'
import { printable } from '../text/printable.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'

/** One name in `pre-actions` or `post-actions` that LBackup may run. */
export interface ActionFile {
  readonly phase: Phase
  readonly path: RawPath
  readonly kind: 'file' | 'folder' | 'dangling-link' | 'other'
  readonly executable: boolean
  readonly size: number
  /** Its beginning, one character for each byte. */
  readonly text: string
}

/** Given all actions, return those that LBackup does not run, that run ours twice, or that mount at the wrong time. */
export function actionFindings(files: readonly ActionFile[]): DoctorFinding[] {
  const others = files.filter(({ phase, path }) => baseName(path) !== launcherNames[phase])
  return [
    ...others.filter(isNotRun).map(notRun),
    ...others.filter((file) => file.text.includes(launcherMark) && !isNotRun(file)).map(copied),
    ...others.filter((file) => !file.text.includes(launcherMark) && !isNotRun(file)).flatMap(wrongSide),
  ]
}

/** LBackup passes these over without a word. */
const isNotRun = ({ kind, executable, size }: ActionFile): boolean => kind !== 'file' || !executable || size === 0

function notRun({ path, phase, kind, executable }: ActionFile): DoctorFinding {
  const why =
    kind === 'folder'
      ? 'it is a folder'
      : kind === 'dangling-link'
        ? 'it is a link that leads nowhere'
        : executable
          ? 'it is empty'
          : 'it may not be executed'
  return found(
    'action-not-run',
    'warning',
    `LBackup does not run the ${phase} action ${printable(path)}: ${why}. It says nothing about it.`,
    'If it is wanted, run chmod +x on it; if not, give it a name that does not begin with BACKUP.',
  )
}

const copied = ({ path }: ActionFile): DoctorFinding =>
  found(
    'hook-copied',
    'error',
    `${printable(path)} is a second copy of our hook; LBackup runs every executable file whose name begins with BACKUP, and the second one halts the backup.`,
    'Remove it.',
  )

/** Names compare as LBackup's shell sorts them in the C locale: byte by byte. */
function wrongSide({ phase, path, text }: ActionFile): DoctorFinding[] {
  const name = baseName(path)
  const ours = launcherNames[phase]
  const code = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
  if (phase === 'pre' && name > ours && (mounts.test(code) || /mount/i.test(name)) && !unmountsOnly(name, code)) {
    return [
      found(
        'mount-too-late',
        'warning',
        `The pre action ${printable(path)} seems to mount something, but runs after ${ours}, which by then has looked for the backup disk and the source.`,
        'Give it a number below 850.',
      ),
    ]
  }
  if (phase === 'post' && name < ours && (unmounts.test(code) || /unmount|umount|eject/i.test(name))) {
    return [
      found(
        'unmount-too-early',
        'warning',
        `The post action ${printable(path)} seems to unmount something, but runs before ${ours}, which then finds no copies to check.`,
        'Give it a number above 050.',
      ),
    ]
  }
  return []
}

const mounts = /(^|[^\w-])(mount(_\w+)?\s|hdiutil\s+(attach|mount)|diskutil\s+(quiet\s+)?(mount|mountDisk)\b)/m
const unmounts =
  /(^|[^\w-])(umount\s|hdiutil\s+(detach|eject|unmount)|diskutil\s+(quiet\s+)?(unmount|unmountDisk|eject)\b)/m
const unmountsOnly = (name: string, code: string): boolean => /unmount|umount/i.test(name) && !mounts.test(code)
