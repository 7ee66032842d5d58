import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { fromBytes, join, type RawPath } from '../text/raw-path.js'
import { lineEffect } from './configuration-block.js'
import { readLine } from './configuration-line.js'
import type { HookEnvironment } from './environment.js'

/** A setting read without running bash, or the line because of which it cannot be known. */
export type Setting =
  | { readonly value: RawPath; readonly line: number; readonly exported: boolean }
  | {
      /** Line number, from 1. */
      readonly unreadable: number
      /** That line, as `printable` text. */
      readonly text: string
    }

/** LBackup's configuration file, as far as it is plain assignments. */
export interface Configuration {
  readonly settings: ReadonlyMap<string, Setting>
  /** A line that may have set anything (`source other.conf`): what is not in `settings` cannot be known either. */
  readonly anything?: { readonly unreadable: number; readonly text: string }
}

/**
 * Given the bytes of LBackup's configuration file, return what it sets, the last assignment of a name winning. The file
 * is bash and may do anything; here nothing is run. A name that a line we do not understand may have touched is
 * unreadable until a plain assignment outside of any block sets it again.
 */
export function readConfiguration(bytes: Buffer): Configuration {
  const settings = new Map<string, Setting>()
  const exported = new Set<string>()
  let anything: Configuration['anything']
  let depth = 0
  let lost: Configuration['anything']
  let continued = false
  for (const [index, line] of (fromBytes(bytes).split('\n') as RawPath[]).entries()) {
    const assignments = depth > 0 || lost !== undefined || continued ? undefined : readLine(line)
    if (assignments !== undefined) {
      for (const { name, value, exported: now } of assignments) {
        if (now) exported.add(name)
        const before = settings.get(name)
        if (value !== undefined) settings.set(name, { value, line: index + 1, exported: exported.has(name) })
        else if (before !== undefined && 'value' in before) settings.set(name, { ...before, exported: true })
      }
      continue
    }
    const opaque = lost ?? { unreadable: index + 1, text: printable(line.trim().slice(0, 200) as RawPath) }
    const effect = lineEffect(line, continued)
    depth = Math.max(0, depth + effect.depth)
    if (effect.lost) lost ??= opaque
    continued = effect.continued
    if (lost !== undefined || effect.anything) {
      anything = opaque
      for (const name of settings.keys()) settings.set(name, opaque)
    }
    for (const name of effect.names) settings.set(name, opaque)
  }
  return anything === undefined ? { settings } : { settings, anything }
}

/** Given a configuration and a name, return the setting; undefined where the file does not set it. */
export const setting = (configuration: Configuration, name: string): Setting | undefined =>
  configuration.settings.get(name) ?? configuration.anything

/** Given a configuration and a name, tell whether it is set to LBackup's word for yes; undefined: cannot be known. */
export function isYes(configuration: Configuration, name: string): boolean | undefined {
  const found = setting(configuration, name)
  if (found === undefined) return false
  return 'value' in found ? found.value === 'YES' : undefined
}

/**
 * Given what LBackup told the hook and its configuration file, return the path of the excludes file that rsync will
 * read. An exported `excludes_filename` in the environment wins: it is what LBackup itself holds. Throws
 * OperationalError where the name is missing or is no plain literal.
 */
export function excludesFile(
  environment: Pick<HookEnvironment, 'configurationFolder' | 'excludesName'>,
  configuration: Configuration,
): RawPath {
  const name = environment.excludesName ?? literal(configuration, 'excludes_filename')
  return join(environment.configurationFolder, name)
}

/** Given a configuration and a name, return its value. Throws OperationalError where it is not set or cannot be read. */
export function literal(configuration: Configuration, name: string): RawPath {
  const found = setting(configuration, name)
  if (found === undefined) {
    throw new OperationalError(
      'lbackup-setting-missing',
      `LBackup's configuration does not set ${name}.`,
      `Set ${name} in LBackup's configuration.`,
    )
  }
  if ('value' in found) return found.value
  throw new OperationalError(
    'lbackup-setting-unreadable',
    `${name} cannot be read from LBackup's configuration: line ${String(found.unreadable)} is not a plain ` +
      `assignment: ${found.text}`,
    `Write ${name}="…" without $, backquote or backslash after that line, or add the line: export ${name}`,
  )
}
