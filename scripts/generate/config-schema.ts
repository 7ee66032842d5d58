import prettier from 'prettier'
import { readSchema } from './schemas.js'

/** Return the source of the configuration's schema as a constant: defaults and "did you mean" come from it. */
export const configSchema = (): Promise<string> =>
  prettier.format(
    [
      '// Made from schemas/config.schema.json by npm run generate.',
      `export const configSchema = ${JSON.stringify(readSchema('config'))} as const`,
    ].join('\n'),
    { parser: 'typescript', semi: false, singleQuote: true, printWidth: 120 },
  )
