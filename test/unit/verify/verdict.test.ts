import { expect } from 'chai'
import fc from 'fast-check'
import type { Finding } from '../../../lib/finding/finding.js'
import { judge, type Evidence } from '../../../lib/verify/verdict.js'

const finding: Finding = {
  code: 'plist-unreadable',
  severity: 'error',
  member: 'Info.plist',
  message: 'Info.plist is empty.',
}
const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  action: 'copy',
  decisionReason: 'nothing uses it',
  decisionCode: 'at-rest',
  usage: 'detached',
  changed: false,
  sourceErrors: [],
  copy: { state: 'looked-at', errors: [] },
  ...change,
})

describe('judge', () => {
  it('says complete, and that no bytes were compared, of a quiet image with a right copy', () => {
    const judgement = judge(evidence())
    expect(judgement).to.include({ verdict: 'complete', loudness: 'fine' })
    expect(judgement.reason).to.contain('not compared')
  })

  it('says bad, loudly, where the copy is missing, unreadable or damaged', () => {
    expect(judge(evidence({ copy: { state: 'absent', because: 'it was moved' } }))).to.deep.include({
      verdict: 'bad',
      loudness: 'error',
    })
    expect(judge(evidence({ copy: { state: 'unreadable', because: 'no' } }))).to.deep.include({
      verdict: 'bad',
      loudness: 'error',
    })
    expect(judge(evidence({ copy: { state: 'looked-at', errors: [finding] } })).reason).to.match(/^its copy is damaged/)
  })

  it('tells damage of the source from damage of the copy', () => {
    const both = evidence({ sourceErrors: [finding], copy: { state: 'looked-at', errors: [finding] } })
    expect(judge(both).reason).to.contain('damaged at its source')
  })

  it('says bad where the source stood still and the copy has other members', () => {
    const differs = 'bands/2019 is missing in the copy'
    const judgement = judge(evidence({ copy: { state: 'looked-at', errors: [], differs } }))
    expect(judgement).to.include({ verdict: 'bad', loudness: 'error' })
    expect(judgement.reason).to.contain(differs)
    // What changed meanwhile differs by nature.
    expect(judge(evidence({ changed: true, copy: { state: 'looked-at', errors: [], differs } })).verdict).to.equal(
      'suspect',
    )
  })

  it('warns of an image outside of the source', () => {
    expect(judge(evidence({ action: 'leave-out', decisionCode: 'not-in-source' })).loudness).to.equal('warning')
    expect(judge(evidence({ action: 'leave-out', decisionCode: 'own-store' })).loudness).to.equal('fine')
  })

  it('suspects what changed or was in use while it was copied', () => {
    expect(judge(evidence({ changed: true })).verdict).to.equal('suspect')
    expect(judge(evidence({ changed: undefined })).verdict).to.equal('suspect')
    expect(judge(evidence({ action: 'copy-and-prove', usage: 'attached' })).verdict).to.equal('suspect')
  })

  it('property: never proven, and a copy to be proved is never plainly fine', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('copy', 'copy-and-prove', 'contents'),
        fc.constantFrom('detached', 'attached', 'changing', 'in-use-elsewhere', 'unknown'),
        fc.constantFrom(true, false, undefined),
        fc.constantFrom<Evidence['copy']>(
          { state: 'absent', because: 'x' },
          { state: 'looked-at', errors: [] },
          { state: 'looked-at', errors: [finding] },
        ),
        (action, usage, changed, copy) => {
          const judgement = judge(evidence({ action, usage, changed, copy }))
          expect(judgement.verdict).to.not.equal('proven')
          if (action !== 'copy') expect(judgement.loudness).to.not.equal('fine')
          if (judgement.verdict === 'complete') expect(copy).to.deep.equal({ state: 'looked-at', errors: [] })
          if (copy.state === 'absent') expect(judgement.verdict).to.equal('bad')
        },
      ),
    )
  })
})
