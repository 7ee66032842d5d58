import { compile } from 'json-schema-to-typescript'
import prettier from 'prettier'
import { isFilled, readSchema, root, type Schema, without } from './schemas.js'

/** Given a schema's name, return the source of its types; those of `config` are of a configuration with all defaults filled in. */
export async function types(name: string): Promise<string> {
  const schema = readSchema(name)
  const source = await compile((name === 'config' ? filled(schema) : schema) as object, '', {
    additionalProperties: false,
    bannerComment: `// Made from schemas/${name}.schema.json by npm run generate.`,
    cwd: `${root}schemas/`,
    format: false,
    unreachableDefinitions: false,
  })
  return prettier.format(readOnly(source), { parser: 'typescript', semi: false, singleQuote: true, printWidth: 120 })
}

/** Given the schema of the file, return the schema of what loading it gives. */
function filled(file: Schema): Schema {
  const always = (schema: Schema): Schema => {
    if (schema.properties === undefined) return schema
    const required = Object.keys(schema.properties).filter((key) => isFilled(file, schema.properties?.[key] as Schema))
    return { ...schema, properties: without(schema.properties, ['$schema']), required }
  }
  const definitions = Object.entries(file.$defs ?? {}).map(([key, schema]) => [key, always(schema)] as const)
  return { ...always(file), $defs: Object.fromEntries(definitions) }
}

/** Records are facts: nobody changes one he was handed. */
const readOnly = (source: string): string =>
  source.replaceAll(/^\s*(\w+\??: )/gmu, 'readonly $1').replaceAll(/((?:\([^()]*\)|\b\w+)\[\])/gu, 'readonly $1')
