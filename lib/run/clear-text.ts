import type { ReportedFinding } from '../generated/report.js'
import type { RunHome, RunRecord } from '../generated/run.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { systemCode } from '../system/file-system-error.js'
import { names, withFolder } from '../system/folder.js'
import { count, list } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { sourceOf } from './recorded.js'

const shown = 5

/**
 * Given a run's record and its section, return an error for each FileVault home in which anything lies but the image:
 * the rules leave everything else out, so whatever is there is clear text of an encrypted home.
 */
export function clearText(record: RunRecord, section: Section): ReportedFinding[] {
  const source = sourceOf(record)
  return record.homes
    .filter(({ contentsWanted }) => !contentsWanted)
    .flatMap((home) =>
      [home.home, home.hiddenHome].flatMap((path) => {
        const place = pathInSection(source, fromPrintable(path), section.path, section.kind)
        return place === undefined ? [] : inHome(home, place)
      }),
    )
}

function inHome({ user, imageName }: RunHome, place: RawPath): ReportedFinding[] {
  const others = namesIn(place).filter((name) => name !== fromPrintable(imageName))
  if (others.length === 0) return []
  const told = others.slice(0, shown).map(printable)
  const rest = others.length > shown ? [count(others.length - shown, 'more', 'more')] : []
  return [
    {
      code: 'clear-text-found',
      severity: 'error',
      message:
        `Clear text of the encrypted home of ${user} is in the backup: ${printable(place)} holds ` +
        `${list([...told, ...rest])}.`,
      cure: `Remove it from the backup disk: everything in ${printable(place)} but ${imageName}.`,
    },
  ]
}

/** Given a folder in a section, return the names in it; none where there is no such folder. */
export function namesIn(place: RawPath): RawPath[] {
  try {
    return withFolder(place, names)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}
