import prettier from 'prettier'
import { meaning, wrap } from './words.js'
import { readSchema, resolved, type Schema } from './schemas.js'

/** Return the sample configuration: each section with every setting explained, and commented out at its default. */
export async function sample(): Promise<string> {
  const file = readSchema('config')
  const sections = Object.entries(file.properties ?? {}).map(([key, schema]) => section(file, key, schema))
  const text = ['{', ...comment(intro), ...sections.flatMap((lines) => ['', ...lines]), '}'].join('\n')
  return prettier.format(text, { parser: 'json', printWidth: 120 })
}

/** Return the source of the same sample as a constant, for `config init`. */
export async function sampleConstant(): Promise<string> {
  const lines = (await sample()).split('\n').map((line) => JSON.stringify(line))
  const source = ['// Made from schemas/config.schema.json by npm run generate.']
  source.push(`export const configSample = [${lines.join(',\n')}].join('\\n')`)
  return prettier.format(source.join('\n'), { parser: 'typescript', semi: false, singleQuote: true, printWidth: 120 })
}

const intro =
  "The settings of lbackup-filevault. This file lies beside LBackup's configuration file as filevault.json. Everything in it " +
  'may be left out: what is commented out below stands at its default. Remove the slashes to change it. ' +
  '"lbackup-filevault config validate" checks it.'

function section(file: Schema, key: string, schema: Schema): string[] {
  const { description = '', properties, items, examples = [] } = resolved(file, schema)
  if (properties !== undefined) {
    return [...comment(description), `${JSON.stringify(key)}: {`, ...settings(file, properties), '},']
  }
  if (items?.$ref === undefined || isEmpty(schema.default)) return setting(file, key, schema)
  // The last entry is there, with all its settings at their defaults; those before it are examples.
  const { match, ...entry } = resolved(file, items).properties ?? {}
  return [
    ...comment(description),
    `${JSON.stringify(key)}: [`,
    ...comment(`match: ${resolved(file, match ?? {}).description ?? ''} For example:`),
    ...(examples[0] as unknown[]).slice(0, -1).map((example) => `// ${oneLine(example)},`),
    '',
    ...comment('For all the others:'),
    '{',
    ...settings(file, entry),
    '},',
    '],',
  ]
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0

const settings = (file: Schema, properties: Readonly<Record<string, Schema>>): string[] =>
  Object.entries(properties).flatMap(([key, schema], index) => [
    ...(index === 0 ? [] : ['']),
    ...setting(file, key, schema),
  ])

/** Each in one line, so that removing one pair of slashes is enough. Without a default the example stands in. */
function setting(file: Schema, key: string, schema: Schema): string[] {
  const whole = resolved(file, schema)
  const value = whole.default ?? whole.examples?.[0]
  return [...comment(meaning(whole)), `// ${JSON.stringify(key)}: ${oneLine(value)},`]
}

/** As JSON with a blank after each comma and colon. */
const oneLine = (value: unknown): string =>
  JSON.stringify(value, undefined, 1)
    .replaceAll(/([[{])\n\s*/gu, '$1')
    .replaceAll(/\n\s*([\]}])/gu, '$1')
    .replaceAll(/\n\s*/gu, ' ')

const comment = (text: string): string[] => wrap(text, 100).map((line) => `// ${line}`)
