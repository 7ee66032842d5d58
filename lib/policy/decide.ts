import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { matches } from './match.js'
import { fallbackPolicy, type Policy } from './policy.js'
import type { Action, Candidate, Decision } from './policy-type.js'

/**
 * Given the facts about one image and the policies (first match wins), return the one decision for it in this run. Only
 * an image known to be detached is plainly copied; one in use, changing or unknown is copied as `copy-and-prove` or not
 * at all. `waitMinutes` asks the caller to wait, look again, and decide again.
 */
export function decide(candidate: Candidate, policies: readonly Policy[]): Decision {
  const { slot, path, usage } = candidate
  const decided = (action: Action, code: Decision['code'], reason: string): Decision => ({
    slot,
    path,
    action,
    code,
    reason,
  })
  if (candidate.ownStore) {
    return decided('leave-out', 'own-store', 'it holds the backup itself, the configuration or our own records')
  }
  if (!candidate.inSource) return decided('leave-out', 'not-in-source', "it lies outside of the backup's source")
  if (candidate.excludedBy !== undefined) {
    return decided('leave-out', 'excluded-by-administrator', `${candidate.excludedBy} leaves it out`)
  }
  const { obstacle } = candidate
  if (obstacle !== undefined) return decided('halt', obstacle.code, obstacle.reason)
  const policy = policyFor(candidate, policies)
  if (usage.state === 'detached') return decided('copy', 'at-rest', 'nothing uses it')
  if (usage.state === 'unknown') {
    return decided(policy.ifUnknown, 'usage-unknown', `what uses it could not be found out: ${because(candidate)}`)
  }
  if (wantsContents(policy, candidate)) {
    return decided(
      'contents',
      'contents-wanted',
      `the policy wants the files of its mounted volume (${because(candidate)})`,
    )
  }
  return inUse(candidate, policy, decided)
}

/** Given an image's user and path, return the policy that holds for it. */
export function policyFor(candidate: Pick<Candidate, 'user' | 'path'>, policies: readonly Policy[]): Policy {
  const image = { user: candidate.user, path: printable(candidate.path) }
  return policies.find((policy) => matches(policy.match, image)) ?? fallbackPolicy
}

function inUse(
  candidate: Candidate,
  policy: Policy,
  decided: (action: Action, code: Decision['code'], reason: string) => Decision,
): Decision {
  const reason = because(candidate)
  if (policy.ifInUse !== 'wait') return decided(policy.ifInUse, 'in-use', reason)
  const left = policy.waitMinutes - candidate.waitedMinutes
  if (left > 0) return { ...decided(policy.ifStillInUse, 'in-use', reason), waitMinutes: left }
  const waited = `${reason}, still after waiting ${String(Math.round(candidate.waitedMinutes))} min`
  return decided(policy.ifStillInUse, 'still-in-use', waited)
}

function wantsContents(policy: Policy, { usage }: Candidate): boolean {
  return (
    policy.when === 'attached' && policy.allowClearText && usage.state === 'attached' && usage.mountPoints.length > 0
  )
}

function because({ usage }: Candidate): string {
  const by = usage.usedBy.length > 0 ? `in use by ${list(usage.usedBy)}` : usage.state.replaceAll('-', ' ')
  return `${by} (${list(usage.evidence)})`
}
