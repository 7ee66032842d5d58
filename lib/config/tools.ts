import type { ToolsConfig } from '../generated/config.js'
import { lookAt, realPath } from '../system/file.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { LoadedConfig } from './load.js'
import { pathText, type Location } from './location.js'
import { writableByOthers } from './ownership.js'
import { ConfigError, type ConfigProblem } from './problem.js'

/**
 * Given a loaded configuration and the tools that will be called, return what is wrong with them, with those the file
 * names, and with the programs of `report.command` and `tellUser.command`: absent, no program, or others may write it.
 * Looks at the disk.
 */
export function checkTools(
  loaded: LoadedConfig,
  needed: readonly (keyof ToolsConfig)[] = [],
): readonly ConfigProblem[] {
  const { config, origins } = loaded
  const named = Object.keys(config.tools).filter((name) => origins.get(`tools.${name}`) === 'file')
  const names = [...new Set([...needed, ...named])] as (keyof ToolsConfig)[]
  const commands = (['report', 'tellUser'] as const).flatMap((key) => {
    const [program] = config[key].command
    return program === undefined ? [] : [[[key, 'command', 0], program] as const]
  })
  const programs: readonly (readonly [Location, string])[] = [
    ...names.map((name) => [['tools', name], config.tools[name]] as const),
    ...commands,
  ]
  return programs.flatMap(([location, path]) => {
    const message = fault(path)
    const place = origins.get(pathText(location.slice(0, 2))) === 'file' ? loaded.place(location) : {}
    return message === undefined ? [] : [{ severity: 'error', ...place, path: pathText(location), message } as const]
  })
}

/** As `checkTools`, but throws ConfigError where anything is wrong. */
export function demandTools(loaded: LoadedConfig, needed: readonly (keyof ToolsConfig)[] = []): void {
  const problems = checkTools(loaded, needed)
  if (problems.length > 0) throw new ConfigError(printable(loaded.file), problems)
}

function fault(text: string): string | undefined {
  const path = fromPrintable(text)
  const real = realPath(path)
  const stats = real === undefined ? undefined : lookAt(real)
  if (stats === undefined) return `${printable(path)} is not there.`
  if (!stats.isFile()) return `${printable(path)} is no program.`
  if ((stats.mode & 0o111) === 0) return `${printable(path)} may not be run: chmod +x it.`
  const weak = writableByOthers(path, stats)
  return weak === undefined ? undefined : `root would run what others may change: ${weak}.`
}
