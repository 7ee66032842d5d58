import prettier from 'prettier'
import { readSchema, resolved, type Schema } from './schemas.js'
import { meaning } from './words.js'

/** Return the reference of all settings as Markdown. */
export async function options(): Promise<string> {
  const file = readSchema('config')
  const all = Object.entries(file.properties ?? {})
  const single = all.filter(([, schema]) => rowsOf(file, schema) === undefined)
  const sections = all.flatMap(([key, schema]) => section(file, key, schema))
  const text = ['# Settings', '', intro, '', '## At the top', '', ...table(file, '', single), '', ...sections].join(
    '\n',
  )
  return prettier.format(text, { parser: 'markdown', printWidth: 120 })
}

const intro = [
  "<!-- Made from schemas/config.schema.json by npm run generate. -->\n\nSettings stand in `filevault.json`, in the folder of LBackup's configuration file. It is JSON; comments and trailing",
  'commas are allowed. Everything may be left out. [examples/filevault.json](../examples/filevault.json) is the same as',
  'a commented file; `lbackup-filevault config init` writes it, `config validate` checks yours and names everything that is',
  'wrong at once, `config show` prints what holds.',
  '',
  'The file is refused where others than root (or the user who runs LBackup) may write it or its folder.',
].join('\n')

/** The settings inside of a section, or of each entry of a list. */
function rowsOf(file: Schema, schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { properties, items } = resolved(file, schema)
  return properties ?? (items === undefined ? undefined : resolved(file, items).properties)
}

function section(file: Schema, key: string, schema: Schema): string[] {
  const rows = rowsOf(file, schema)
  if (rows === undefined) return []
  const { description = '', items, examples = [] } = resolved(file, schema)
  const example = items === undefined ? [] : ['', '```json', JSON.stringify({ [key]: examples[0] }), '```']
  const title = items === undefined ? key : `${key}[…]`
  return [`## \`${title}\``, '', description, ...example, '', ...table(file, `${title}.`, Object.entries(rows)), '']
}

function table(file: Schema, prefix: string, rows: readonly (readonly [string, Schema])[]): string[] {
  const lines = rows.flatMap(([key, schema]) => {
    const whole = resolved(file, schema)
    if (whole.properties !== undefined) return Object.entries(whole.properties).map((row) => line(`${key}.`, file, row))
    return [line('', file, [key, schema])]
  })
  return [`| ${prefix === '' ? 'setting' : `\`${prefix}\``} | default | meaning |`, '| --- | --- | --- |', ...lines]
}

function line(prefix: string, file: Schema, [key, schema]: readonly [string, Schema]): string {
  const whole = resolved(file, schema)
  const value = whole.default === undefined ? 'none' : `\`${JSON.stringify(whole.default)}\``
  const cells = [`\`${prefix}${key}\``, value, meaning(whole).replaceAll(/([\\*|<])/gu, '\\$1')]
  return `| ${cells.join(' | ')} |`
}
