import type { ReportedFinding } from '../generated/report.js'
import { noAnswer } from '../system/tool-answer.js'
import { handedOnPath } from '../system/volume.js'
import { count, list, size } from '../text/measure.js'
import type { RunContext } from './context.js'
import type { Observed } from './observed.js'

const words = {
  clone: 'cloned',
  snapshot: 'cloned out of a snapshot',
  'hard-link': 'shown by hard links',
  bind: 'shown as they are',
} as const

/** Given the images of the plan, return how they stand in the staging folder and in whose quota that counts. */
export function stagingFindings(images: readonly Observed[]): ReportedFinding[] {
  const staged = images.filter((item) => item.staged !== undefined)
  if (staged.length === 0) return []
  const kinds = (Object.keys(words) as (keyof typeof words)[]).flatMap((kind) => {
    const number = staged.filter((item) => item.staged?.kind === kind).length
    return number === 0 ? [] : [`${String(number)} ${words[kind]}`]
  })
  const stands = `${count(staged.length, 'image')} ${staged.length === 1 ? 'stands' : 'stand'} in the staging folder: ${list(kinds)}.`
  return [{ code: 'image-staged', severity: 'info', message: stands }, ...quota(staged)]
}

/** A clone belongs to whom the image belongs, and file systems count it in full. */
function quota(staged: readonly Observed[]): ReportedFinding[] {
  const bytes = new Map<string, number>()
  for (const { user, structure, staged: how } of staged) {
    if (how?.kind === 'hard-link') continue
    bytes.set(user, (bytes.get(user) ?? 0) + structure.counts.bytes)
  }
  if (bytes.size === 0) return []
  const shares = list([...bytes].map(([user, sum]) => `${size(sum)} for ${user}`))
  const message = `Where the volume of the staging folder has quotas, what is frozen counts for its owners as long as it stands: ${shares}.`
  return [{ code: 'staging-quota', severity: 'info', message }]
}

/** Keeps the staging folder out of Time Machine; assumed, as no recording shows it. */
export async function timeMachineFinding({ system, source }: RunContext): Promise<ReportedFinding[]> {
  if (system.platform !== 'macos') return []
  const why = noAnswer(await system.tool('tmutil', ['addexclusion', handedOnPath(source.path)]))
  if (why === undefined) return []
  const message = `The staging folder could not be excluded from Time Machine: ${why}.`
  return [{ code: 'staging-in-time-machine', severity: 'warning', message }]
}
