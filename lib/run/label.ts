import type { CopyLabel } from '../generated/copy.js'
import type { ReportImage } from '../generated/report.js'
import type { RunImage, RunRecord } from '../generated/run.js'

/** What is said of a copy that has just been made. */
export type NewLabel = Omit<CopyLabel, 'schema' | 'manifest'>

/** Given an image of the plan and what the report says of its copy, return the label of that copy. */
export function labelOf(record: RunRecord, image: RunImage, reported: ReportImage, madeAt: Date): NewLabel {
  return {
    slot: image.slot,
    run: record.id,
    madeAt: madeAt.toISOString(),
    verdict: reported.verdict,
    reason: reported.reason,
    identity: image.identity,
    user: image.user,
    ownerUid: image.ownerUid,
    path: image.path,
    copyPath: image.copyPath ?? '',
    container: image.container,
    bytes: reported.bytes,
    members: reported.members,
    older: false,
  }
}

/** Given a run's record and an image of it, return of when its copy is: of this run, unless it was frozen before. */
export const takenAt = ({ startedAt }: Pick<RunRecord, 'startedAt'>, { staged }: Pick<RunImage, 'staged'>): Date =>
  new Date(staged?.frozenBefore === true ? (staged.atRestSince ?? staged.takenAt) : startedAt)
