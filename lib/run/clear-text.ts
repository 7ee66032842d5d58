import type { ReportedFinding } from '../generated/report.js'
import type { RunHome, RunRecord } from '../generated/run.js'
import type { Image } from '../image/image.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { accountsInCopy } from '../session/homes-in-copy.js'
import { systemCode } from '../system/file-system-error.js'
import { names, withFolder } from '../system/folder.js'
import { count, list } from '../text/measure.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { sourceOf, wasLookedAt } from './recorded.js'

const shown = 5

/**
 * Given a run's record, its section and the images found in that, return an error for each FileVault home in which anything lies but the image:
 * the rules leave everything else out, so whatever is there is clear text of an encrypted home.
 */
export function clearText(record: RunRecord, section: Section, images: readonly Image[]): ReportedFinding[] {
  const source = sourceOf(record)
  if (!wasLookedAt(record)) return suspected(images, pathInSection(source, source.path, section.path, section.kind))
  return record.homes
    .filter(({ contentsWanted }) => !contentsWanted)
    .flatMap((home) =>
      [home.home, home.hiddenHome].flatMap((path) => {
        const place = pathInSection(source, fromPrintable(path), section.path, section.kind)
        return place === undefined ? [] : inHome(home, place)
      }),
    )
}

/** The homes of a remote client are known only by what lies in the section; a disused image beside a home looks the same. */
function suspected(images: readonly Image[], source: RawPath | undefined): ReportedFinding[] {
  return accountsInCopy(images, namesIn, source).flatMap(({ home, imageName }) => {
    const others = namesIn(home).filter((name) => name !== imageName)
    if (others.length === 0) return []
    return [
      {
        code: 'clear-text-suspected',
        severity: 'warning' as const,
        message: `${printable(home)} holds ${list(others.slice(0, shown).map(printable))} beside the image ${printable(imageName)} of a FileVault home: this may be clear text of an encrypted home.`,
        cure: 'Ask whether its user was logged in during the backup; if so, remove the files from the backup disk.',
      },
    ]
  })
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
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
