import { expect } from 'chai'
import { placesOf, schemaAt } from '../../../lib/config/schema.js'

describe('schemaAt', () => {
  it('finds the schema of any place, through lists and references', () => {
    expect(schemaAt([])?.type).to.equal('object')
    expect(schemaAt(['policies', 3, 'match', 'user'])?.type).to.equal('string')
    expect(schemaAt(['report', 'command', 0])?.type).to.equal('string')
  })

  it('finds nothing where nothing may stand, whatever its name', () => {
    for (const location of [
      ['x'],
      ['constructor'],
      ['search', 'x', 'y'],
      ['search', 0],
      ['policies', 0, '__proto__'],
    ]) {
      expect(schemaAt(location), JSON.stringify(location)).to.equal(undefined)
    }
  })
})

describe('placesOf', () => {
  it('names every place of a setting', () => {
    expect(placesOf('waitMinutes')).to.deep.equal(['policies[…].waitMinutes', 'limits.waitMinutes'])
    expect(placesOf('report')).to.deep.equal(['report'])
    expect(placesOf('nonsense')).to.deep.equal([])
  })
})
