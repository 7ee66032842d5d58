import { Ajv2020 } from 'ajv/dist/2020.js'
import standaloneModule from 'ajv/dist/standalone/index.js'
import { readSchema, type Schema, schemaNames, without } from './schemas.js'

const standalone = standaloneModule.default

/** Return the source of the validators: compiled here, so that nothing compiles a schema when a hook starts. */
export function validators(): string {
  const ajv = new Ajv2020({ allErrors: true, strict: true, code: { source: true, esm: true, lines: true } })
  for (const name of ['common', ...schemaNames]) ajv.addSchema(bare(readSchema(name)))
  const exported = Object.fromEntries(schemaNames.map((name) => [`check_${name}`, readSchema(name).$id as string]))
  const body = selfContained(standalone(ajv, exported))
  return [
    '// @ts-nocheck',
    '// Made from schemas/ by npm run generate.',
    '',
    '/** What is wrong at one place of a document; `instancePath` is a JSON pointer. */',
    'export interface SchemaError {',
    '  readonly instancePath: string',
    '  readonly keyword: string',
    '  readonly params: Readonly<Record<string, unknown>>',
    '  readonly message?: string',
    '}',
    '',
    '/** Tells whether a document is as its schema says; after a no, `errors` says why. */',
    'export interface Validator {',
    '  (document: unknown): boolean',
    '  readonly errors?: readonly SchemaError[] | null',
    '}',
    '',
    body.trim(),
    '',
    ...schemaNames.map((name) => `export const validate${capital(name)}: Validator = check_${name}`),
    '',
  ].join('\n')
}

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)

/** Given a schema, return it without what only people read: ajv would repeat it in the code. */
function bare(schema: Schema): Schema {
  const rest: Schema = without(schema, ['title', 'description', 'default', 'examples'])
  const each = (schemas: Readonly<Record<string, Schema>>) =>
    Object.fromEntries(Object.entries(schemas).map(([key, value]) => [key, bare(value)]))
  return {
    ...rest,
    ...(rest.properties && { properties: each(rest.properties) }),
    ...(rest.$defs && { $defs: each(rest.$defs) }),
    ...(rest.items && { items: bare(rest.items) }),
  }
}

/**
 * Given standalone code, return it without exports of its own. What it would require of ajv at run time (lengths of
 * strings, unique items) costs more to load than all the rest: the schemas do without.
 */
function selfContained(code: string): string {
  if (/\brequire\(/u.test(code)) throw new Error('the compiled validators require something: use pattern, not lengths')
  return code.replace(/^"use strict";\s*/u, '').replaceAll(/^export (const check_\w+ = )/gmu, '$1')
}
