import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { buildImage } from '../../../lib/keep/build-image.js'
import { openWork, type Work } from '../../../lib/keep/work-folder.js'
import { readSections, section, type Section } from '../../../lib/lbackup/sections.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'

export const name = fromText('bob.sparsebundle')
export const copyPath = fromText('source/bob/bob.sparsebundle')

export interface Lab {
  readonly destination: string
  /** The copy in Section.0. */
  readonly image: string
  /** The copy in Section.1, with other bytes. */
  readonly older: string
  readonly kept: string
  zero(): Section
}

/** Given an empty folder, makes a destination in it with two sections, each with a copy of bob's image of its own. */
export function lab(folder: string): Lab {
  const destination = join(folder, 'destination')
  const [image = '', older = ''] = [0, 1].map((number) => {
    const path = join(destination, `Section.${String(number)}`, copyPath)
    mkdirSync(join(path, '..'), { recursive: true })
    writeSparseBundle(path, { seed: String(number), bands: [{ index: 0, length: 4096 }] })
    return path
  })
  mkdirSync(join(destination, '.lbackup-filevault'), { mode: 0o700 })
  return {
    destination,
    image,
    older,
    kept: join(destination, '.lbackup-filevault/kept/bob'),
    zero: () => section(readSections(fromText(destination)), 0) as Section,
  }
}

/** Builds the older copy in a work folder. */
export function builtWork({ destination, older }: Lab, runId = 'run-1'): Work {
  const work = openWork(fromText(destination), runId, 'bob')
  buildImage({ from: fromText(older), container: 'sparse-bundle', into: work.built, name, how: 'link' })
  return work
}

/** Given a folder, returns owner, mode and bytes of all below it; without links' targets. */
export function contents(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    paths.map((path) => {
      const stats = lstatSync(join(folder, path))
      const bytes = stats.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(folder, path)))
            .digest('hex')
        : ''
      return [path, `${String(stats.uid)} ${stats.mode.toString(8)} ${bytes}`]
    }),
  )
}

/** Returns the code of the OperationalError that is thrown, or undefined where none is. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error.code
  }
}
