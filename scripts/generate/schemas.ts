import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** As much of JSON Schema as ours use. */
export interface Schema {
  readonly $id?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
  readonly examples?: readonly unknown[]
}

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Documents that are read back: each has a compiled validator. */
export const schemaNames = [
  'config',
  'run',
  'report',
  'status',
  'copy',
  'slots',
  'staging',
  'watch',
  'history',
  'waiting',
  'daemon',
  'seen',
] as const

/** Documents that verbs only print. */
export const printedNames = [
  'settings',
  'doctor',
  'tonight',
  'status-report',
  'discovery',
  'inspection',
  'verification',
  'listing',
  'restoration',
  'audit',
  'daemon-status',
] as const

/** Given a schema's name, return it as it stands in `schemas/`. */
export const readSchema = (name: string): Schema =>
  JSON.parse(readFileSync(`${root}schemas/${name}.schema.json`, 'utf8')) as Schema

/** Given a schema of a file and one inside it, return the one its `$ref` names, or itself; its own words win. */
export function resolved(file: Schema, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const found = file.$defs?.[schema.$ref.replace('#/$defs/', '')]
  if (found === undefined) throw new Error(`${schema.$ref} is not in the schema`)
  return { ...found, ...without(schema, ['$ref']) }
}

/**
 * Given a schema of a file and one inside it, tell whether a loaded configuration always has a value there: it has a
 * default, or it is a section of which a setting has one.
 */
export function isFilled(file: Schema, schema: Schema): boolean {
  const { default: byDefault, properties } = resolved(file, schema)
  if (byDefault !== undefined) return true
  return Object.values(properties ?? {}).some((property) => resolved(file, property).default !== undefined)
}

/** Given an object and keys, return it without them. */
export const without = <T extends object, K extends string>(object: T, keys: readonly K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as K))) as Omit<T, K>
