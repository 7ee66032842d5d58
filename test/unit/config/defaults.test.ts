import { expect } from 'chai'
import fc from 'fast-check'
import { fillDefaults } from '../../../lib/config/defaults.js'
import { settings } from '../../../lib/config/settings.js'
import { validateConfig } from '../../../lib/generated/validators.js'

const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined })
const section = (settings: Record<string, fc.Arbitrary<unknown>>) => optional(fc.record(settings, { requiredKeys: [] }))
const policy = fc.record(
  {
    match: fc.record({ user: fc.constantFrom('bob', 'eve') }),
    ifInUse: fc.constantFrom('wait', 'halt', 'copy-and-prove'),
    waitMinutes: fc.nat(1440),
  },
  { requiredKeys: [] },
)
const documents = fc.record({
  search: section({ roots: fc.array(fc.constant('/Users')), maxDepth: fc.integer({ min: 1, max: 1024 }) }),
  policies: optional(fc.array(policy, { maxLength: 4 })),
  limits: section({ quietSeconds: fc.nat(60) }),
  tools: section({ ps: fc.constant('/bin/other') }),
  platform: optional(fc.constantFrom('auto', 'linux')),
  $schema: optional(fc.constant('x')),
})

/** What JSON would hold: without keys whose value is undefined. */
const asJson = (value: object): Record<string, never> => JSON.parse(JSON.stringify(value)) as Record<string, never>

describe('fillDefaults', () => {
  it('gives a valid configuration that filling does not change again', () => {
    fc.assert(
      fc.property(documents.map(asJson), (document) => {
        const { config } = fillDefaults(document)
        expect(validateConfig(config), JSON.stringify(validateConfig.errors)).to.equal(true)
        expect(fillDefaults(config).config).to.deep.equal(config)
      }),
    )
  })

  it('keeps what the file says, and knows what came from it', () => {
    fc.assert(
      fc.property(documents.map(asJson), (document) => {
        const { config, origins } = fillDefaults(document)
        for (const name of ['search', 'limits', 'tools']) {
          const given = document[name] ?? {}
          expect((config as unknown as Record<string, object>)[name]).to.include(given)
          const fromFile = [...origins].filter(([path, origin]) => path.startsWith(`${name}.`) && origin === 'file')
          expect(fromFile.map(([path]) => path)).to.have.members(Object.keys(given).map((key) => `${name}.${key}`))
        }
      }),
    )
  })

  it('knows the origin of every setting, and of nothing else', () => {
    fc.assert(
      fc.property(documents.map(asJson), (document) => {
        const { config, origins } = fillDefaults(document)
        expect(settings(config, origins).map(({ path }) => path)).to.have.members([...origins.keys()])
      }),
    )
  })

  it('puts the built-in policy behind those that are all for somebody, and only there', () => {
    const ends = (policies: object[]) => fillDefaults({ policies }).config.policies.map(({ match }) => match?.user)
    expect(ends([])).to.deep.equal([undefined])
    expect(ends([{ match: { user: 'bob' } }])).to.deep.equal(['bob', undefined])
    expect(ends([{ match: { user: 'bob' } }, {}])).to.deep.equal(['bob', undefined])
    const { origins } = fillDefaults({ policies: [{ match: { user: 'bob' } }] })
    expect(origins.get('policies[0].match.user')).to.equal('file')
    expect(origins.get('policies[1].ifInUse')).to.equal('default')
  })

  it('hands out fresh lists: who changes one configuration changes no other', () => {
    ;(fillDefaults({}).config.search.roots as string[]).push('/x')
    expect(fillDefaults({}).config.search.roots).to.deep.equal([])
  })
})
