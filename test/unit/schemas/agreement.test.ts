import { expect } from 'chai'
import type { Finding } from '../../../lib/finding/finding.js'
import type { PolicyConfig, ToolsConfig } from '../../../lib/generated/config.js'
import type {
  RecordedDecision,
  RecordedUsage,
  ReportedFinding,
  RunImage,
  RunRecord,
} from '../../../lib/generated/run.js'
import { fillDefaults } from '../../../lib/config/defaults.js'
import type { Image } from '../../../lib/image/image.js'
import type { Usage, UsageState } from '../../../lib/mount/usage.js'
import { fallbackPolicy, type Policy } from '../../../lib/policy/policy.js'
import type { Action } from '../../../lib/policy/policy-type.js'
import { defaultTools, type Platform, type Tools } from '../../../lib/system/system.js'

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : never) : never

// The compiler refuses these lines when a schema and the code no longer mean the same words.
const agreements: readonly true[] = [
  true satisfies Same<RecordedUsage['state'], UsageState>,
  true satisfies Same<RecordedDecision['action'], Action>,
  true satisfies Same<RunImage['container'], Image['container']>,
  true satisfies Same<RunImage['encryption'], Image['encryption']>,
  true satisfies Same<RunRecord['platform'], Platform>,
  true satisfies Same<ReportedFinding['severity'], Finding['severity']>,
  true satisfies Same<PolicyConfig, Policy>,
  true satisfies Same<ToolsConfig, Tools>,
]
const asReported = (finding: Finding): ReportedFinding => finding
const asRecorded = ({ state, evidence, usedBy, mountPoints }: Usage): RecordedUsage => {
  return { state, evidence, usedBy, mountPoints }
}

describe('schemas and code', () => {
  it('use the same words', () => {
    expect(agreements).to.not.include(false)
    expect(asReported({ code: 'plist-unreadable', severity: 'error', message: 'm' })).to.have.property('message', 'm')
    expect(asRecorded({ state: 'unknown', evidence: ['e'], usedBy: [], mountPoints: [] })).to.have.property('state')
  })

  it('have the same default tools', () => {
    expect(fillDefaults({}).config.tools).to.deep.equal(defaultTools)
  })

  it('have the same built-in policy', () => {
    expect(fillDefaults({}).config.policies).to.deep.equal([fallbackPolicy])
  })
})
