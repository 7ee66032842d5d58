import type { SchemaError } from '../generated/validators.js'
import { count, list } from '../text/measure.js'
import { pointerLocation, shown, valueAt, type Location } from './location.js'
import { nearest } from './nearest.js'
import { placesOf, schemaAt, settingsOf, type Schema } from './schema.js'

/** What the schema has against one place of a configuration, in plain words. */
export interface Explained {
  readonly location: Location
  /** The key is wrong, or its value. */
  readonly what: 'key' | 'value'
  readonly message: string
}

/** Given an error of the configuration's validator and the document it is about, return it in plain words. */
export function explain(error: SchemaError, document: unknown): Explained {
  const location = pointerLocation(error.instancePath, document)
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty'])
    return { location: [...location, key], what: 'key', message: unknownKey(key, location) }
  }
  return { location, what: 'value', message: wrongValue(error, valueAt(document, location), schemaAt(location) ?? {}) }
}

function unknownKey(key: string, location: Location): string {
  const here = settingsOf(schemaAt(location) ?? {}).map(([name]) => name)
  const meant = nearest(key, here)
  if (meant !== undefined) return `there is no such setting. Did you mean ${shown(meant)}?`
  const elsewhere = placesOf(key)
  if (elsewhere.length > 0) return `there is no such setting here; it belongs at ${list(elsewhere)}.`
  return `there is no such setting; here there are ${list(here)}.`
}

function wrongValue(error: SchemaError, value: unknown, schema: Schema): string {
  switch (error.keyword) {
    case 'enum':
      return `${shown(value)} is not one of ${list((schema.enum ?? []).map(shown))}.${meant(value, schema.enum ?? [])}`
    case 'minimum':
    case 'maximum':
      return `${shown(value)} is out of range: ${range(schema)}.`
    case 'type':
      return `${shown(value)} is ${kindOf(value)}; ${kinds[schema.type ?? ''] ?? 'something else'} is wanted.`
    case 'pattern':
      return `${shown(value)} is not right: it must be ${patterns[schema.pattern ?? ''] ?? String(schema.pattern)}.`
    case 'minProperties':
      return 'nothing stands in it: leave it out, or say what it is for.'
    case 'maxItems':
      return `it holds too much: ${count(schema.maxItems ?? 0, 'entry', 'entries')} at most.`
    default:
      return `${shown(value)} is not right: ${error.message ?? error.keyword}.`
  }
}

function meant(value: unknown, allowed: readonly string[]): string {
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined
  return near === undefined ? '' : ` Did you mean ${shown(near)}?`
}

/** Given a setting's schema, return the numbers it allows: `from 1 to 1024`. */
const range = ({ minimum = 0, maximum = 0, type }: Schema): string =>
  `${type === 'integer' ? 'a whole number ' : ''}from ${String(minimum)} to ${String(maximum)} is allowed`

const kinds: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text in "double quotes"',
  array: 'a list in [brackets]',
  object: 'a section in {braces}',
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number with a fraction'
  return { string: 'a text', boolean: 'true or false', object: 'a section' }[typeof value as string] ?? typeof value
}

/** What the schema's patterns mean; every pattern has its words. */
export const patterns: Readonly<Record<string, string>> = {
  '^/': 'an absolute path, starting with a slash',
  '^[^-][^\\u0000]{0,254}$': 'the name of a service in the keychain: 1 to 255 characters, the first no hyphen',
  '^[^/]{1,255}$': "a user's short name: 1 to 255 characters, no slash",
}
