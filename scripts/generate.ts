import { readFileSync, writeFileSync } from 'node:fs'
import { configSchema } from './generate/config-schema.js'
import { findings } from './generate/findings.js'
import { options } from './generate/options.js'
import { sample, sampleConstant } from './generate/sample.js'
import { printedNames, root, schemaNames } from './generate/schemas.js'
import { types } from './generate/types.js'
import { validators } from './generate/validators.js'

// Made from schemas/, committed. With --check nothing is written: exit code 1 names the files that differ.
const files = new Map<string, string>()
for (const name of [...schemaNames, ...printedNames]) files.set(`lib/generated/${name}.ts`, await types(name))
files.set('lib/generated/config-schema.ts', await configSchema())
files.set('lib/generated/config-sample.ts', await sampleConstant())
files.set('lib/generated/validators.ts', validators())
files.set('examples/filevault.json', await sample())
files.set('docs/options.md', await options())
files.set('docs/findings.md', await findings())

const drifted = [...files].filter(([path, text]) => current(path) !== text)
if (process.argv.includes('--check')) {
  for (const [path] of drifted) process.stderr.write(`${path} is not what schemas/ says: run npm run generate\n`)
  process.exitCode = drifted.length === 0 ? 0 : 1
} else {
  for (const [path, text] of drifted) writeFileSync(root + path, text)
  process.stdout.write(`${String(drifted.length)} of ${String(files.size)} files written\n`)
}

function current(path: string): string | undefined {
  try {
    return readFileSync(root + path, 'utf8')
  } catch {
    return undefined
  }
}
