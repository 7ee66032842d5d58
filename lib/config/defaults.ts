import type { Config } from '../generated/config.js'
import { pathText, type Location } from './location.js'
import { resolved, settingsOf, wholeSchema, type Schema } from './schema.js'

/** Where a value comes from. */
export type Origin = 'file' | 'default'

/** A configuration with every default filled in, and where each single value comes from, by its path. */
export interface Filled {
  readonly config: Config
  readonly origins: ReadonlyMap<string, Origin>
}

/**
 * Given what a configuration file holds (valid, or `{}`), return it with every default of the schema filled in. Where
 * every policy has a `match`, the built-in default follows them, so that every image has a policy.
 */
export function fillDefaults(document: unknown): Filled {
  const origins = new Map<string, Origin>()
  const filled = fill(wholeSchema, document, 'file', [], origins) as { policies: { match?: unknown }[] }
  const { policies } = filled
  if (policies.every(({ match }) => match !== undefined)) {
    // With the policy it gets, it is no longer a list without an entry, which has an origin of its own.
    origins.delete('policies')
    const { items } = wholeSchema.properties?.['policies'] ?? {}
    policies.push(fill(items ?? {}, {}, 'default', ['policies', policies.length], origins) as object)
  }
  return { config: filled as unknown as Config, origins }
}

function fill(
  schema: Schema,
  value: unknown,
  origin: Origin,
  location: Location,
  origins: Map<string, Origin>,
): unknown {
  const { type, items } = resolved(schema)
  if (type === 'object') return fillSettings(schema, value, origin, location, origins)
  if (Array.isArray(value) && value.length > 0 && items !== undefined && resolved(items).type === 'object') {
    return value.map((item: unknown, index) => fill(items, item, origin, [...location, index], origins))
  }
  origins.set(pathText(location), origin)
  return value
}

function fillSettings(
  schema: Schema,
  value: unknown,
  origin: Origin,
  location: Location,
  origins: Map<string, Origin>,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {}
  const given = value as Readonly<Record<string, unknown>>
  for (const [key, setting] of settingsOf(schema)) {
    const place = [...location, key]
    const byDefault = defaultOf(setting)
    if (key === '$schema') continue
    else if (given[key] !== undefined) filled[key] = fill(setting, given[key], origin, place, origins)
    else if (byDefault !== undefined) filled[key] = fill(setting, structuredClone(byDefault), 'default', place, origins)
  }
  return filled
}

/** A section is there, with all its defaults, when one of its settings has a default. */
function defaultOf(schema: Schema): unknown {
  const own = resolved(schema).default
  if (own !== undefined || resolved(schema).type !== 'object') return own
  return settingsOf(schema).some(([, setting]) => defaultOf(setting) !== undefined) ? {} : undefined
}
