import { expect } from 'chai'
import fc from 'fast-check'
import { decide } from '../../../lib/policy/decide.js'
import { fallbackPolicy, type Policy } from '../../../lib/policy/policy.js'
import type { Candidate } from '../../../lib/policy/policy-type.js'
import { fromText } from '../../../lib/text/raw-path.js'

const candidate = (change: Partial<Candidate> = {}): Candidate => ({
  slot: 'bob-1',
  path: fromText('/Users/bob/bob.sparsebundle'),
  container: 'sparse-bundle',
  encryption: 'v2',
  recognised: true,
  user: 'bob',
  usage: { state: 'detached', evidence: ['no process has it open'], usedBy: [], mountPoints: [] },
  ownStore: false,
  inSource: true,
  waitedMinutes: 0,
  ...change,
})

const attached = {
  state: 'attached',
  evidence: ['hdiutil lists it'],
  usedBy: ['bob'],
  mountPoints: [fromText('/Users/bob')],
} as const

describe('decide', () => {
  it('copies an image at rest', () => {
    expect(decide(candidate(), [])).to.deep.include({ action: 'copy', code: 'at-rest' })
  })

  it('leaves out an image in use where no policy says otherwise, and names the user', () => {
    const decision = decide(candidate({ usage: attached }), [])
    expect(decision.action).to.equal('leave-out')
    expect(decision.reason).to.contain('in use by bob').and.to.contain('hdiutil lists it')
  })

  it('takes the first policy that matches', () => {
    const policies: Policy[] = [
      { ...fallbackPolicy, match: { user: 'alice' }, ifInUse: 'halt' },
      { ...fallbackPolicy, match: { path: '/Users/b*' }, ifInUse: 'copy-and-prove' },
      { ...fallbackPolicy, ifInUse: 'halt' },
    ]
    expect(decide(candidate({ usage: attached }), policies).action).to.equal('copy-and-prove')
  })

  it('waits as long as the policy allows, then does what it says', () => {
    const policies: Policy[] = [{ ...fallbackPolicy, ifInUse: 'wait', waitMinutes: 30, ifStillInUse: 'copy-and-prove' }]
    expect(decide(candidate({ usage: attached }), policies).waitMinutes).to.equal(30)
    expect(decide(candidate({ usage: attached, waitedMinutes: 20 }), policies).waitMinutes).to.equal(10)
    const late = decide(candidate({ usage: attached, waitedMinutes: 30 }), policies)
    expect(late).to.include({ action: 'copy-and-prove', code: 'still-in-use' }).and.not.have.property('waitMinutes')
  })

  it('backs up the contents of a mounted image only where clear text is allowed', () => {
    const policy: Policy = { ...fallbackPolicy, when: 'attached', ifInUse: 'halt', allowClearText: true }
    expect(decide(candidate({ usage: attached }), [policy]).action).to.equal('contents')
    expect(decide(candidate({ usage: attached }), [{ ...policy, allowClearText: false }]).action).to.equal('halt')
    expect(decide(candidate({ usage: { ...attached, mountPoints: [] } }), [policy]).action).to.equal('halt')
    expect(decide(candidate(), [policy]).action).to.equal('copy')
  })

  it('never copies our own store and never waits for it', () => {
    const policies: Policy[] = [{ ...fallbackPolicy, ifInUse: 'wait', waitMinutes: 30 }]
    const decision = decide(candidate({ ownStore: true, usage: attached }), policies)
    expect(decision).to.include({ action: 'leave-out', code: 'own-store' }).and.not.have.property('waitMinutes')
  })

  it('leaves an image outside of the source to its place, and says so', () => {
    expect(decide(candidate({ inSource: false }), [])).to.include({ action: 'leave-out', code: 'not-in-source' })
  })

  it('halts where no copy could be opened, however quiet the image is', () => {
    const obstacle = { code: 'members-excluded', reason: 'token is left out' } as const
    expect(decide(candidate({ obstacle }), [])).to.include({ action: 'halt', code: 'members-excluded' })
  })

  it('says which file of the administrator leaves an image out', () => {
    const decision = decide(candidate({ excludedBy: "LBackup's excludes file" }), [])
    expect(decision).to.include({ action: 'leave-out', code: 'excluded-by-administrator' })
    expect(decision.reason).to.contain("LBackup's excludes file")
  })

  const usages = fc.record({
    state: fc.constantFrom('detached', 'attached', 'changing', 'in-use-elsewhere', 'unknown'),
    evidence: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    usedBy: fc.array(fc.string(), { maxLength: 2 }),
    mountPoints: fc.array(fc.constantFrom(fromText('/Users/bob'), fromText('/Volumes/x')), { maxLength: 2 }),
  })
  const policies = fc.array(
    fc.record(
      {
        match: fc.record(
          { user: fc.constantFrom('bob', 'alice'), path: fc.constantFrom('/Users/*', '/Home') },
          { requiredKeys: [] },
        ),
        when: fc.constantFrom('detached', 'attached'),
        ifInUse: fc.constantFrom('leave-out', 'wait', 'copy-and-prove', 'halt'),
        ifUnknown: fc.constantFrom('leave-out', 'copy-and-prove', 'halt'),
        waitMinutes: fc.nat(120),
        ifStillInUse: fc.constantFrom('leave-out', 'copy-and-prove', 'halt'),
        allowClearText: fc.boolean(),
      },
      { requiredKeys: ['when', 'ifInUse', 'ifUnknown', 'waitMinutes', 'ifStillInUse', 'allowClearText'] },
    ),
    { maxLength: 4 },
  ) as fc.Arbitrary<Policy[]>
  const candidates = fc
    .record({ usage: usages, ownStore: fc.boolean(), waitedMinutes: fc.nat(200), recognised: fc.boolean() })
    .map((change) => candidate(change as Partial<Candidate>))

  it('property: plainly copies only what is known to be detached, and always gives one decision with a reason', () => {
    fc.assert(
      fc.property(candidates, policies, (image, entries) => {
        const decision = decide(image, entries)
        expect(decision.slot).to.equal(image.slot)
        expect(decision.reason).to.not.equal('')
        if (decision.action === 'copy') expect(image.usage.state).to.equal('detached')
        if (decision.action === 'contents') expect(image.usage.state).to.equal('attached')
        if (image.ownStore) expect(decision.action).to.equal('leave-out')
      }),
      { numRuns: 1000 },
    )
  })

  it('property: waiting ends', () => {
    fc.assert(
      fc.property(candidates, policies, (image, entries) => {
        const first = decide(image, entries)
        if (first.waitMinutes === undefined) return
        expect(first.waitMinutes).to.be.greaterThan(0)
        const later = decide({ ...image, waitedMinutes: image.waitedMinutes + first.waitMinutes }, entries)
        expect(later.waitMinutes).to.equal(undefined)
        expect(later.action).to.equal(first.action)
      }),
    )
  })
})
