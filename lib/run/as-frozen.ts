import type { Decision } from '../policy/policy-type.js'
import { isOf } from '../staging/plan.js'
import type { StagedEntry } from '../staging/staging-type.js'
import { baseName, type RawPath } from '../text/raw-path.js'
import { readAt, type Observed } from './observed.js'

/** What an image in use would otherwise be met with. */
const forUse = new Set<Decision['code']>(['in-use', 'still-in-use'])

/**
 * Given images, what was decided of them as they lie there and what was frozen of them while nothing used them, return the
 * decisions: an image in use is backed up as it was then, and nobody waits for it.
 */
export function asFrozen(
  images: readonly Observed[],
  decided: ReadonlyMap<RawPath, Decision>,
  frozen: readonly StagedEntry[],
): Map<RawPath, Decision> {
  const result = new Map(decided)
  for (const item of images) {
    const { slot, path } = item.image
    const decision = decided.get(path)
    const entry = frozen.find(({ name }) => name === slot)
    if (decision === undefined || entry === undefined || !forUse.has(decision.code)) continue
    if (!isOf(entry, { identity: item.image.identity, name: baseName(readAt(item)) })) continue
    const reason = `it was frozen at ${entry.atRestSince ?? ''}, when nothing used it; now it is ${decision.reason}`
    result.set(path, { slot, path, action: 'copy', code: 'frozen', reason })
  }
  return result
}
