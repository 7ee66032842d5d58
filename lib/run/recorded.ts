import type { RunImage, RunRecord } from '../generated/run.js'
import { backupSource, type BackupSource } from '../lbackup/backup-source.js'
import type { Section } from '../lbackup/sections.js'
import { hostName } from '../system/host.js'
import { fromPrintable, printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { RunContext } from './context.js'
import { liesIn } from './wishes.js'
import type { Observed } from './observed.js'
import type { Tonight } from './plan-type.js'

/** Given the run and the sections, return its record as it is before anything was looked at. */
export function newRecord(context: RunContext, storeId: string | null, sections: readonly Section[]): RunRecord {
  const { environment, lbackup, source } = context
  const zero = sections.find(({ number }) => number === 0)
  return {
    schema: 'run/1',
    id: context.runId,
    state: 'observing',
    startedAt: context.startedAt.toISOString(),
    bootId: context.bootId,
    lbackup: { pid: lbackup.pid, startTime: lbackup.startTime },
    host: hostName(),
    platform: context.machine?.platform ?? context.system.platform,
    backupSource: printable(source.asWritten),
    source: printable(source.path),
    sourceTrailingSlash: source.trailingSlash,
    backupDest: printable(environment.backupDest),
    useSSH: environment.useSSH,
    sourceLookedAt: context.machine !== undefined,
    numRotations: environment.numRotations,
    sectionZero: zero === undefined ? null : { inode: zero.inode },
    storeId,
    excludesFile: printable(context.excludesFile),
    excludesBlock: false,
    images: [],
    homes: [],
    findings: [],
    mountPoints: [],
    everyFile: context.config.search.everyFile,
  }
}

/** Given a run and a record, return the record as of a run that has ended now. */
export const finished = ({ system }: Pick<RunContext, 'system'>, record: RunRecord): RunRecord => ({
  ...record,
  state: 'finished',
  finishedAt: system.now().toISOString(),
})

/** Given a record and the plan, return the record with what the post hook needs to judge by. */
export function withPlan(record: RunRecord, tonight: Tonight): RunRecord {
  return {
    ...record,
    images: tonight.images.flatMap((item) => recordedImage(item, tonight)),
    homes: tonight.accounts.map(({ user, home, hiddenHome, imageName }) => ({
      user,
      home: printable(home),
      hiddenHome: printable(hiddenHome),
      imageName: printable(imageName),
      contentsWanted: tonight.images.some(({ image }) => {
        const here = { user, home, hiddenHome, imageName, source: 'folder' } as const
        return liesIn(here, image.path) && tonight.decided.get(image.path)?.action === 'contents'
      }),
    })),
    findings: tonight.findings,
    mountPoints: tonight.volumes.map(printable),
  }
}

function recordedImage({ image, structure, usage, user, copyPath, staged }: Observed, tonight: Tonight): RunImage[] {
  const decision = tonight.decided.get(image.path)
  if (decision === undefined) return []
  const { action, code, reason } = decision
  const waitedFor = tonight.waitedFor.get(image.slot)
  return [
    {
      slot: image.slot,
      path: printable(image.path),
      copyPath: copyPath === undefined ? null : printable(copyPath),
      container: image.container,
      encryption: image.encryption,
      recognised: image.recognised,
      identity: image.identity,
      ownerUid: image.ownerUid,
      user,
      usage: { ...usage, mountPoints: usage.mountPoints.map(printable) },
      decision: { action, code, reason },
      waitedSeconds: Math.round(tonight.waited.get(image.slot) ?? 0),
      ...(waitedFor === undefined ? {} : { waitedFor }),
      ...(staged === undefined ? {} : { staged }),
      fingerprint: structure.fingerprint,
      bytes: structure.counts.bytes,
      members: structure.counts.members,
      findings: structure.findings,
    },
  ]
}

/** Given an image of a record, return where rsync read it. */
export const readPath = ({ path, staged }: Pick<RunImage, 'path' | 'staged'>): RawPath =>
  fromPrintable(staged?.place ?? path)

/** Given an image of a record, tell whether nothing its user does changes what rsync reads. */
export const isFrozen = ({ staged }: Pick<RunImage, 'staged'>): boolean =>
  staged !== undefined && staged.kind !== 'hard-link'

/** Given a record, tell whether its images were looked at before the copy; if not, they are known only from a section. */
export const wasLookedAt = ({ sourceLookedAt, useSSH }: RunRecord): boolean => sourceLookedAt ?? !useSSH

/** Given a record, return the source of its run, links resolved. */
export const sourceOf = (record: Pick<RunRecord, 'source' | 'sourceTrailingSlash'>): BackupSource => ({
  ...backupSource(fromPrintable(record.source)),
  trailingSlash: record.sourceTrailingSlash,
})
