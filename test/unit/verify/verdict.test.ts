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

  describe('of a copy whose disk inside was to be checked', () => {
    const proof = { result: 'proven', says: 'every byte equals the image' } as const
    const damaged: Finding = { code: 'hfs-header-damaged', severity: 'error', message: 'HFS+: it is damaged.' }
    const doubtful: Finding = { code: 'volume-unclean', severity: 'warning', message: 'FAT: it was in use.' }
    const checked = (...findings: Finding[]) => ({ state: 'checked', findings, holds: 'HFS+ "Bob"' }) as const

    it('says what it holds where nothing is wrong, and keeps the verdict', () => {
      const note: Finding = { ...doubtful, severity: 'info' }
      expect(judge(evidence({ proof, inside: checked(note) }))).to.deep.equal({
        verdict: 'proven',
        loudness: 'fine',
        reason: 'every byte equals the image; the disk inside was checked: HFS+ "Bob"',
      })
      expect(judge(evidence({ inside: checked() }))).to.include({ verdict: 'complete', loudness: 'fine' })
    })

    it('says bad where it is damaged, and whether the image has the same damage', () => {
      expect(judge(evidence({ proof, inside: checked(damaged, damaged, doubtful) }))).to.deep.equal({
        verdict: 'bad',
        loudness: 'error',
        reason: 'the disk inside is damaged at its source too: HFS+: it is damaged (and 1 more)',
      })
      expect(judge(evidence({ usage: 'attached', inside: checked(damaged) }))).to.include({
        verdict: 'bad',
        reason: 'the disk inside its copy is damaged: HFS+: it is damaged',
      })
    })

    it('warns of what is doubtful', () => {
      expect(judge(evidence({ proof, inside: checked(doubtful) }))).to.deep.equal({
        verdict: 'proven',
        loudness: 'warning',
        reason: 'every byte equals the image; the disk inside: FAT: it was in use',
      })
    })

    it('says why it was not checked, and warns only where that should have been possible', () => {
      const inside = { state: 'unchecked', because: 'it is encrypted', failed: false } as const
      expect(judge(evidence({ proof, inside }))).to.deep.equal({
        verdict: 'proven',
        loudness: 'fine',
        reason: 'every byte equals the image; the disk inside was not checked, because it is encrypted',
      })
      expect(judge(evidence({ proof, inside: { ...inside, failed: true } })).loudness).to.equal('warning')
    })

    it('says nothing of the inside of a copy that is bad or was not made', () => {
      const copy = { state: 'looked-at', errors: [finding] } as const
      expect(judge(evidence({ copy, inside: checked(damaged) })).reason).to.match(/^its copy is damaged: Info/)
      const out = judge(evidence({ action: 'leave-out', inside: checked(damaged) }))
      expect(out.verdict).to.equal('not-backed-up')
    })
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
