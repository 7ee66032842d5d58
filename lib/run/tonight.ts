import type { AdministratorLook } from '../link/proof.js'
import type { Decision } from '../policy/policy-type.js'
import { fromPrintable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { administratorLook, planBlock } from './block.js'
import { asFrozen } from './as-frozen.js'
import { decisions } from './decisions.js'
import { observe } from './observe.js'
import type { Observation } from './observed.js'
import type { PlanRequest, Tonight } from './plan-type.js'
import { planFindings } from './plan-findings.js'
import { searchOptions } from './search-options.js'
import { waiting, withoutWaiting } from './wait.js'

/** Given the machine and the settings, observe and decide, waiting where the policy says so, and return the plan. */
export async function planTonight(request: PlanRequest): Promise<Tonight> {
  const { system, config, waiter } = request
  const budgetEnds = new Date(system.now().getTime() + config.limits.waitMinutes * 60_000)
  const waited = new Map<string, number>()
  const waitedFor = new Map<string, readonly string[]>()
  for (;;) {
    const observation = await observeOnce(request)
    const administrator = await administratorLook(request, observation)
    const live = decisions(observation.images, {
      policies: config.policies,
      accounts: observation.accounts,
      excludedByAdministrator: administrator,
      ownPaths: request.ownPaths,
      waited: new Map([...waited].map(([slot, seconds]) => [slot, seconds / 60])),
    })
    const decided = asFrozen(observation.images, live, request.frozen ?? [])
    const wait = waiter && waiting(observation.images, decided, system.now(), budgetEnds)
    if (waiter === undefined || wait === undefined) {
      const final = waiter === undefined ? decided : withoutWaiting(decided, config.limits.waitMinutes)
      const tonight = plan(request, observation, final, administrator)
      const findings = [...tonight.findings, ...((await waiter?.findings()) ?? [])]
      return { ...tonight, findings, waited, waitedFor }
    }
    const seconds = await waiter.waitFor(wait)
    for (const { image, usage } of wait.images) {
      waited.set(image.slot, (waited.get(image.slot) ?? 0) + seconds)
      waitedFor.set(image.slot, [...new Set([...(waitedFor.get(image.slot) ?? []), ...usage.usedBy])])
    }
  }
}

function observeOnce(request: PlanRequest): Promise<Observation> {
  const { machine, config, source } = request
  return observe(machine, {
    search: searchOptions(
      request,
      request.slots.map(({ path }) => fromPrintable(path)),
    ),
    source,
    quietSeconds: config.limits.quietSeconds,
    staging: config.source.mode === 'staging',
  })
}

function plan(
  request: PlanRequest,
  observation: Observation,
  decided: ReadonlyMap<RawPath, Decision>,
  administrator: AdministratorLook | undefined,
): Omit<Tonight, 'waited' | 'waitedFor'> {
  const findings = planFindings(request, observation)
  return {
    images: observation.images,
    decided,
    accounts: observation.accounts,
    volumes: observation.volumes,
    findings,
    entries: observation.discovery.counts.entries,
    halt: [...decided.values()].some(({ action }) => action === 'halt'),
    excludes: planBlock(request, observation, decided),
    administrator,
  }
}
