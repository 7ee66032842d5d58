import type { RunImage, RunRecord } from '../generated/run.js'
import { transferPath } from '../lbackup/path-mapping.js'
import { fromPrintable, printable } from '../text/printable.js'
import { join, parent } from '../text/raw-path.js'
import { sourceOf } from './recorded.js'

/**
 * Given a run's record and an image of it, return where its copy belongs in a section, as printable text: while a
 * FileVault user is logged in his image lies in the hidden home, but its place is where it lies at rest. null: it has none.
 */
export function placeAtRest(record: RunRecord, { path, copyPath }: RunImage): string | null {
  const folder = printable(parent(fromPrintable(path)))
  const home = record.homes.find(({ hiddenHome, imageName }) => hiddenHome === folder && path.endsWith(`/${imageName}`))
  if (home === undefined || copyPath === null) return copyPath
  const atRest = transferPath(sourceOf(record), join(fromPrintable(home.home), fromPrintable(home.imageName)))
  return atRest === undefined ? copyPath : printable(atRest).slice(1)
}
