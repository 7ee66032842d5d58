import { OperationalError } from '../finding/operational-error.js'
import { readSections, type Sections } from '../lbackup/sections.js'
import type { RunContext } from './context.js'

/**
 * Given the run, return the sections; undefined where the backup disk does not tell them: what is to be said of the run is
 * said all the same.
 */
export function readableSections({ environment }: Pick<RunContext, 'environment'>): Sections | undefined {
  try {
    return readSections(environment.backupDest)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
