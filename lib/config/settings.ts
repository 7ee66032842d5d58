import type { Config } from '../generated/config.js'
import type { SettingReport, SettingsReport } from '../generated/settings.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Origin } from './defaults.js'
import type { LoadedConfig } from './load.js'
import { shown } from './location.js'
import type { ConfigProblem } from './problem.js'

/** Given a configuration with its origins, return every single setting, in the order of the schema. */
export const settings = (config: Config, origins: ReadonlyMap<string, Origin>): readonly SettingReport[] =>
  [...leaves(config, '')].map(([path, value]) => ({ path, value, origin: origins.get(path) as Origin }))

/** Given what loading gave (undefined: it failed), return the document that `--json` prints. */
export function settingsReport(
  file: RawPath,
  loaded: LoadedConfig | undefined,
  problems: readonly ConfigProblem[],
): SettingsReport {
  return {
    schema: 'settings/1',
    file: printable(file),
    present: loaded?.present ?? true,
    settings: loaded === undefined ? [] : settings(loaded.config, loaded.origins),
    problems,
  }
}

/** Given settings, return them as lines of aligned columns: path, value, and `file` where the file says so. */
export function settingsTable(list: readonly SettingReport[]): string {
  const width = Math.max(...list.map(({ path }) => path.length))
  return list
    .map(({ path, value, origin }) => {
      return `${path.padEnd(width)}  ${origin === 'file' ? '*' : ' '} ${shown(value)}\n`
    })
    .join('')
}

function* leaves(value: object, prefix: string): Generator<readonly [string, SettingReport['value']]> {
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    const path = Array.isArray(value) ? `${prefix}[${key}]` : prefix === '' ? key : `${prefix}.${key}`
    if (isSection(item)) yield* leaves(item, path)
    else yield [path, item as SettingReport['value']]
  }
}

const isSection = (item: unknown): item is object =>
  typeof item === 'object' && item !== null && (!Array.isArray(item) || typeof item[0] === 'object')
