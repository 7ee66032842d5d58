import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../temporary.js'

/** A configuration of LBackup in a temporary folder, with its source and destination. Paths are ordinary text. */
export interface Lab {
  readonly folder: string
  readonly configurationFolder: string
  readonly configurationFile: string
  /** Where the test finds what is backed up. */
  readonly source: string
  /** What LBackup is told: another path of it where it lies on a client. */
  readonly backupSource: string
  /** Where the source lies on a client that LBackup pulls from over ssh. */
  readonly client?: LabClient
  readonly destination: string
  readonly excludesFile: string
  readonly logFile: string
  readonly lockFile: string
  /** Settings of LBackup beyond the ones every lab has; the last of a name wins. Written by every `set`. */
  set(settings: Readonly<Record<string, string>>, lines?: readonly string[]): void
  /** Installs a hook: the text of a program (`#!/bin/bash` is put before it where it has no `#!`), or a link to one. */
  hook(phase: 'pre' | 'post', name: string, program: string | { readonly linkTo: string }): string
  log(): string
  /** Names in the destination that are sections, sorted. */
  sections(): string[]
}

export interface LabClient {
  /** The program for ssh. */
  readonly ssh: string
  /** Replaces further lines of its configuration. */
  configure(lines: readonly string[]): void
}

export interface LabOptions {
  /** backupSource as written; default `<folder>/source`, which is made empty. */
  readonly backupSource?: string
  readonly backupDest?: string
  readonly configurationFolderName?: string
  readonly settings?: Readonly<Record<string, string>>
  readonly excludes?: string
}

/** Makes a lab: numRotations 3, no mail, an empty excludes file, no hooks. It goes with the test's temporary folder. */
export function makeLab(options: LabOptions = {}, folder: string = temporaryFolder()): Lab {
  const configurationFolder = join(folder, options.configurationFolderName ?? 'config')
  const configurationFile = join(configurationFolder, 'backup.conf')
  const source = join(folder, 'source')
  const destination = options.backupDest ?? join(folder, 'destination')
  const excludesFile = join(configurationFolder, 'excludes.txt')
  const logFile = join(configurationFolder, 'backup.log')
  const actions = (phase: string): string => join(configurationFolder, 'resources', `${phase}-actions`)
  for (const made of [source, destination, actions('pre'), actions('post')]) mkdirSync(made, { recursive: true })
  writeFileSync(excludesFile, options.excludes ?? '')
  const settings: Record<string, string> = {
    useSSH: 'NO',
    backupSource: options.backupSource ?? source,
    backupDest: destination,
    log_fileName: 'backup.log',
    excludes_filename: 'excludes.txt',
    numRotations: '3',
    disable_mailconfigpartner: 'YES',
  }
  const lab: Lab = {
    folder,
    configurationFolder,
    configurationFile,
    source,
    backupSource: settings['backupSource'] as string,
    destination,
    excludesFile,
    logFile,
    lockFile: join(configurationFolder, 'backup_in_progress.lock'),
    set(more, lines = []) {
      Object.assign(settings, more)
      const assignments = Object.entries(settings).map(([name, value]) => `${name}="${value}"`)
      writeFileSync(configurationFile, [...assignments, ...lines, ''].join('\n'))
    },
    hook(phase, name, program) {
      const path = join(actions(phase), name)
      if (typeof program !== 'string') {
        symlinkSync(program.linkTo, path)
        return path
      }
      writeFileSync(path, program.startsWith('#!') ? program : `#!/bin/bash\n${program}\n`)
      chmodSync(path, 0o755)
      return path
    },
    log: () => readFileSync(logFile, 'utf8'),
    sections: () =>
      readdirSync(destination)
        .filter((name) => name.startsWith('Section.'))
        .sort(),
  }
  lab.set(options.settings ?? {})
  return lab
}
