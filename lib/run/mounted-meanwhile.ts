import type { ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { pathInSection } from '../lbackup/path-mapping.js'
import type { Section } from '../lbackup/sections.js'
import { fromPrintable, printable } from '../text/printable.js'
import { isWithin } from '../text/raw-path.js'
import { namesIn } from './clear-text.js'
import { sourceOf } from './recorded.js'
import type { SourceMachine } from './source-machine.js'

/**
 * Given a run's record and its section, return an error for each volume of a disk image that was mounted inside the
 * source after the plan was made and whose files are in the section: rsync crosses mounts.
 */
export async function mountedMeanwhile(
  machine: SourceMachine | undefined,
  record: RunRecord,
  section: Section,
): Promise<ReportedFinding[]> {
  if (machine === undefined) return []
  const source = sourceOf(record)
  const { volumes } = (await machine.uses([], 0)).attached
  return volumes.flatMap(({ mountPoint, image }) => {
    if (!isWithin(mountPoint, source.path) || record.mountPoints.includes(printable(mountPoint))) return []
    // A FileVault home has rules of its own and is searched for clear text anyway.
    if (record.homes.some(({ home }) => isWithin(mountPoint, fromPrintable(home)))) return []
    const place = pathInSection(source, mountPoint, section.path, section.kind)
    if (place === undefined || namesIn(place).length === 0) return []
    return [
      {
        code: 'clear-text-found',
        severity: 'error' as const,
        message: `${image} was mounted at ${printable(mountPoint)} during the backup, and its files are in ${printable(place)}.`,
        cure: 'Remove them from the backup disk if they are not for everybody who may read it.',
      },
    ]
  })
}
