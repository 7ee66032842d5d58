import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'chai'

type Schema = Readonly<Record<string, unknown>>

const folder = fileURLToPath(new URL('../../../schemas/', import.meta.url))
const names = readdirSync(folder)
const schemas = new Map(names.map((name) => [name, JSON.parse(readFileSync(folder + name, 'utf8')) as Schema]))
const ajv = new Ajv2020({ allErrors: true, strict: true })
for (const schema of schemas.values()) ajv.addSchema(schema)

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every schema within a schema, with its JSON pointer. */
function* all(schema: Schema, pointer: string): Generator<readonly [string, Schema]> {
  yield [pointer, schema]
  for (const group of ['properties', '$defs']) {
    for (const [key, value] of Object.entries(schema[group] ?? {})) {
      if (isSchema(value)) yield* all(value, `${pointer}/${group}/${key}`)
    }
  }
  if (isSchema(schema['items'])) yield* all(schema['items'], `${pointer}/items`)
  for (const [index, value] of ((schema['anyOf'] ?? []) as Schema[]).entries()) {
    yield* all(value, `${pointer}/anyOf/${String(index)}`)
  }
}

/** A `$ref` stands for the words of what it names. */
function target(file: Schema, schema: Schema): Schema {
  const reference = schema['$ref'] as string | undefined
  if (reference === undefined) return schema
  const [name = '', pointer = ''] = reference.split('#')
  const found = name === '' ? file : schemas.get(name)
  if (pointer === '') return found as Schema
  return (found?.['$defs'] as Record<string, Schema>)[pointer.replace('/$defs/', '')] as Schema
}

for (const [name, file] of schemas) {
  describe(`schemas/${name}`, () => {
    const everything = [...all(file, '')]

    it('is valid JSON Schema 2020-12 without tuples and conditions, titled, with an address', () => {
      expect(ajv.validateSchema(file), ajv.errorsText()).to.equal(true)
      expect(file['$id']).to.match(new RegExp(`/schemas/${name.replaceAll('.', '\\.')}$`))
      expect(file['title']).to.be.a('string')
      const keywords = new Set(everything.flatMap(([, schema]) => Object.keys(schema)))
      for (const keyword of ['prefixItems', 'if', 'then', 'else', 'oneOf', 'definitions', 'dependentSchemas']) {
        expect(keywords).not.to.include(keyword)
      }
    })

    it('lets no object hold more than it says', () => {
      for (const [pointer, schema] of everything) {
        if (schema['type'] === 'object') expect(schema['additionalProperties'], pointer).to.equal(false)
      }
    })

    it('describes every property in words, and shows every plain one by a default or an example', () => {
      for (const [pointer, schema] of everything) {
        if (!/\/properties\/[^/]+$/u.test(pointer)) continue
        const { description, default: byDefault, examples, type, items, anyOf } = target(file, schema)
        expect(description, pointer).to.match(/^[^ ].*[.]$/u)
        const isNested = type === 'object' || (type === 'array' && '$ref' in (items as object)) || anyOf !== undefined
        if (!isNested) expect(byDefault !== undefined || Array.isArray(examples), pointer).to.equal(true)
      }
    })

    it('has defaults and examples that are as it says', () => {
      for (const [pointer, schema] of everything) {
        const validate = ajv.getSchema(`${String(file['$id'])}#${pointer}`)
        const values = [
          ...((schema['examples'] ?? []) as unknown[]),
          ...('default' in schema ? [schema['default']] : []),
        ]
        for (const value of values) {
          expect(validate?.(value), `${pointer}: ${ajv.errorsText(validate?.errors)}`).to.equal(true)
        }
      }
    })
  })
}
