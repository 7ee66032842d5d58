import type { ReportedFinding, ReportImage } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { copiesOf, writeBook } from '../keep/book.js'
import { readmeText } from '../keep/readme.js'
import { writeReadme } from '../keep/section-files.js'
import { sectionMark } from '../keep/section-mark.js'
import { standing } from '../keep/standing.js'
import { finishWork, openWork } from '../keep/work-folder.js'
import { readSections, type Section } from '../lbackup/sections.js'
import { fileSystemChecker } from './check-file-systems.js'
import { insideChecker } from './check-inside.js'
import type { RunContext } from './context.js'
import { withAge } from './age.js'
import { knownHistory } from './history.js'
import { knownSlots } from './publish.js'
import { judgeSection, type Judged } from './judge.js'
import { lookAtSection } from './look-at-section.js'
import type { Settled, SettleRequest } from './settle-type.js'
import { recordFound } from './record-found.js'
import { wasLookedAt } from './recorded.js'
import { settleCopies } from './settle-copies.js'
import { workHere } from './work.js'

const minute = 60_000

/**
 * Given the run and the section that it made, look at the copies, compare, repair and keep them, and return what is to
 * be reported. `late`: the next run does it in place of a post hook that never came; the source has moved on, so nothing
 * is compared with it.
 */
export async function settleSection(
  context: RunContext,
  record: RunRecord,
  section: Section,
  { late, seen }: { late: boolean; seen: ReadonlyMap<string, string> },
): Promise<Judged> {
  const { config, environment, stateFolder, system } = context
  const machine = context.machine
  const look = await lookAtSection(record, section, { here: workHere, there: machine ?? workHere, seen })
  const history = knownHistory(context, readSections(environment.backupDest))
  const compare = !late && machine !== undefined && config.verify.level !== 'structure'
  const deadline = deadlineOf(context)
  const settled = await settleCopies({
    context,
    look,
    history,
    work: workHere,
    compare,
    ...insideOf(context, deadline),
    deadline,
    late,
  })
  const judged = judgeSection(look, settled.images)
  const book = !wasLookedAt(record) ? recordFound(context, look, judged.images, settled.book) : settled.book
  writeBook(stateFolder, { ...book, judgedSection: sectionMark(section) })
  tell(context, section, settled)
  const stood = standing(book, environment.backupDest, readSections(environment.backupDest))
  const firstSeen = new Map(knownSlots(context).map(({ slot, firstSeenAt }) => [slot, firstSeenAt]))
  const aged = (image: ReportImage): ReportImage => {
    const first = firstSeen.get(image.slot)
    const facts = { keep: config.keep, compared: compare, now: system.now() }
    return withAge(image, copiesOf(stood.book, image.slot), {
      ...facts,
      ...(first === undefined ? {} : { firstSeenAt: new Date(first) }),
    })
  }
  return {
    ...judged,
    images: judged.images.map(aged),
    findings: [...judged.findings, ...settled.findings, ...withoutMac(context)],
  }
}

function insideOf(context: RunContext, deadline: number): Pick<SettleRequest, 'inside'> {
  const { config, environment, system } = context
  const { level } = config.verify
  if (level !== 'volume' && level !== 'filesystem') return {}
  if (level === 'volume' || system.platform !== 'macos') return { inside: insideChecker(context) }
  return { inside: fileSystemChecker(context, { backupDest: environment.backupDest, deadline }) }
}

function withoutMac({ config, system }: RunContext): ReportedFinding[] {
  if (config.verify.level !== 'filesystem' || system.platform === 'macos') return []
  const message = 'verify.level is filesystem, which needs a Mac; here the copies were checked as with volume.'
  return [{ code: 'filesystem-unchecked', severity: 'warning', message, cure: 'Set verify.level to volume.' }]
}

/** The hook itself must come to its end before the launcher ends it. */
function deadlineOf({ config: { verify, limits }, startedAt, system }: RunContext): number {
  const hookEnds = startedAt.getTime() + limits.hookMinutes * minute * 0.9
  return Math.min(system.now().getTime() + verify.minutes * minute, hookEnds)
}

function tell({ environment: { backupDest }, runId, system }: RunContext, section: Section, { events }: Settled): void {
  if (events.length === 0) return
  const work = openWork(backupDest, runId, 'readme')
  try {
    writeReadme(work, section, readmeText(events, system.now()))
  } finally {
    finishWork(work, backupDest)
  }
}
