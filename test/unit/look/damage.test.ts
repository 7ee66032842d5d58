import { linkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Context } from 'mocha'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { bandDamages } from '../../support/damage/bands.js'
import { encrypted, mapped, type Damage } from '../../support/damage/edit.js'
import { fileDamages } from '../../support/damage/files.js'
import { headDamages } from '../../support/damage/heads.js'
import { realImage } from '../../support/real-images.js'

const damages = [...headDamages, ...bandDamages, ...fileDamages]

function judge(context: Context, archive: string, damage: Damage[2], inUse = false): string[] {
  const image = realImage(context, archive)
  damage(image.file)
  return lookAtStructure(image, { inUse })
    .findings.map(({ code, severity, member }) => {
      const shown = member?.endsWith('.sparseimage') === true ? 'testimage' : member
      return [code, severity, shown].join(' ').trim()
    })
    .sort()
}

describe('the structure of a real image with', () => {
  for (const [what, archive, damage, findings] of damages) {
    it(`${what}: ${findings.join(', ') || 'healthy'}`, function () {
      expect(judge(this, archive, damage)).to.deep.equal([...findings].sort())
    })
  }
})

describe('the structure of an image in use', () => {
  const passing = damages.filter(
    ([, , , findings]) =>
      findings.length === 1 && /^(mapped-band|plist-half|sparse-image-trunc|slot)/.test(findings[0] ?? ''),
  )

  it('tells a passing state from damage', function () {
    expect(passing.length).to.be.greaterThan(5)
    for (const [what, archive, damage] of passing) {
      for (const finding of judge(this, archive, damage, true)) expect(finding, what).to.match(/^being-written info/)
    }
  })

  it('does not excuse a lost token', function () {
    const lost: Damage[2] = (image) => truncateSync(join(image, 'token'), 0)
    expect(judge(this, encrypted, lost, true)).to.deep.equal(['token-lost error token'])
  })
})

describe('hard links', () => {
  it('are news only where asked for', function () {
    const image = realImage(this, mapped)
    linkSync(join(image.file, 'bands/5'), join(image.file, '..', 'other name'))
    expect(lookAtStructure(image, { inUse: false }).findings).to.deep.equal([])
    const [finding] = lookAtStructure(image, { inUse: false, linksAreNews: true }).findings
    expect(finding).to.include({ code: 'member-hard-linked', severity: 'warning', member: 'bands/5' })
  })
})
