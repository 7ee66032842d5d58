import { readFileSync, readdirSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

const folder = new URL('../../../schemas/', import.meta.url)
const ajv = new Ajv2020({ allErrors: true })
for (const name of readdirSync(folder)) {
  ajv.addSchema(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as object, name)
}

/** Given a schema's name and what a verb printed, tell whether it is as the schema says; throws with what is wrong. */
export function isDocument(name: string, document: unknown): true {
  const validate = ajv.getSchema(`https://lbackup-filevault.invalid/schemas/${name}.schema.json`)
  if (validate === undefined) throw new Error(`there is no schema ${name}`)
  if (validate(document) === true) return true
  throw new Error(ajv.errorsText(validate.errors))
}
