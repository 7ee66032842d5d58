import { Buffer } from 'node:buffer'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig, type LoadedConfig } from '../../../lib/config/load.js'
import { ConfigError, problemLine, type ConfigProblem } from '../../../lib/config/problem.js'
import { readConfig } from '../../../lib/config/read.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

/** Writes a configuration file that only we may write, and returns its path. */
export function written(content: string | Buffer): string {
  const file = join(temporaryFolder(), 'filevault.json')
  writeFileSync(file, content)
  chmodSync(file, 0o644)
  return file
}

export const load = (file: string): LoadedConfig => loadConfig(fromText(file))

/** The ConfigError of loading the file; fails where there is none. */
export function refusal(file: string): ConfigError {
  try {
    load(file)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error(`${file} was not refused`)
}

export const problemsOf = (content: string | Buffer): readonly ConfigProblem[] =>
  readConfig(Buffer.from(content as string)).problems

/** Every problem of a configuration as one line each. */
export const lines = (content: string | Buffer): readonly string[] => problemsOf(content).map(problemLine)
