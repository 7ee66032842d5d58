import { configSchema } from '../generated/config-schema.js'
import type { Location } from './location.js'

/** As much of JSON Schema as the configuration's uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly default?: unknown
}

const definitions: Readonly<Record<string, Schema>> = configSchema.$defs

/** The schema of the whole configuration. */
export const wholeSchema: Schema = configSchema

/** Given a schema, return the one its `$ref` names, or itself. */
export const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : (definitions[schema.$ref.replace('#/$defs/', '')] ?? schema)

/** Given a schema of an object, return its settings. */
export const settingsOf = (schema: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries(resolved(schema).properties ?? {})

/** Given a location, return the schema of what may stand there, or undefined where nothing may. */
export function schemaAt(location: Location): Schema | undefined {
  let schema: Schema | undefined = wholeSchema
  for (const step of location) schema = schema === undefined ? undefined : below(resolved(schema), step)
  return schema === undefined ? undefined : resolved(schema)
}

/** Given a key, return the places where it is a setting: `limits.waitMinutes`, `policies[…].waitMinutes`. */
export function placesOf(key: string): readonly string[] {
  const places: string[] = []
  for (const [section, schema] of settingsOf(wholeSchema)) {
    if (section === key) places.push(section)
    const { items } = resolved(schema)
    const place = items === undefined ? section : `${section}[…]`
    for (const [name] of settingsOf(items ?? schema)) if (name === key) places.push(`${place}.${name}`)
  }
  return places
}

function below({ items, properties = {} }: Schema, step: string | number): Schema | undefined {
  if (typeof step === 'number') return items
  return Object.hasOwn(properties, step) ? properties[step] : undefined
}
