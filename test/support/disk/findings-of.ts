import type { Disk } from '../../../lib/image/disk.js'
import { checkDisk } from '../../../lib/volume/check-disk.js'

/** Given a disk, return its findings as `severity code`, worst first. */
export const findingsOf = (disk: Disk): string[] =>
  checkDisk(disk).findings.map(({ severity, code }) => `${severity} ${code}`)

/** The same without what a partition that was never formatted gives. */
export const mapFindingsOf = (disk: Disk): string[] => findingsOf(disk).filter((text) => !text.endsWith('volume-blank'))
