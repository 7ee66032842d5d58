import type { Phase } from '../lbackup/exit-codes.js'
import { mark, stripProgram } from '../link/markers.js'

/** What a launcher is made for. Paths absolute, ordinary text. */
export interface LauncherFacts {
  readonly phase: Phase
  /** Path of Node; a stable link is better than a version's own folder. */
  readonly node: string
  /** The folder of this package, links resolved. */
  readonly package: string
  readonly onCrash: 'halt' | 'continue'
  /** `excludes_filename` of LBackup's configuration. */
  readonly excludesName: string
  /** `limits.hookMinutes`; what hangs beyond it, where Node cannot see to it itself, is ended. Default: the most allowed. */
  readonly hookMinutes?: number
}

/** LBackup's own examples mount the backup disk at 500 before the backup and unmount it from 500 on after it. */
export const launcherNames: Record<Phase, string> = { pre: 'BACKUP-850-filevault', post: 'BACKUP-050-filevault' }

/** Stands in every launcher and in no other file: `uninstall` removes what carries it. */
export const launcherMark = '# lbackup-filevault: LBackup'

/** Given the template and what the launcher is for, return the launcher's text. */
export function renderLauncher(template: string, facts: LauncherFacts): string {
  const values: Record<string, string> = {
    PHASE: facts.phase,
    NODE: quoted(facts.node),
    PACKAGE: quoted(facts.package),
    HOOK: quoted(`dist/hooks/${facts.phase}-backup.js`),
    ON_CRASH: quoted(facts.onCrash),
    EXCLUDES_NAME: quoted(facts.excludesName),
    MARK: quoted(mark),
    STRIP_PROGRAM: quoted(stripProgram),
    LIMIT_SECONDS: String(limitSeconds(facts)),
  }
  return template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the launcher's template asks for ${name}`)
    return value
  })
}

/**
 * Given what a launcher is for, return after how many seconds it ends Node: a minute later than Node, which can say what it
 * was about, ends itself.
 */
export const limitSeconds = ({ hookMinutes = 10_080 }: Pick<LauncherFacts, 'hookMinutes'>): number =>
  Math.ceil(hookMinutes * 60) + 60

/** A word for a POSIX shell that means exactly the text. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
