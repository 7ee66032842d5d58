import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { fillDefaults } from '../../../lib/config/defaults.js'
import { configSample } from '../../../lib/generated/config-sample.js'
import { load, problemsOf, written } from './support.js'

const folder = fileURLToPath(new URL('../../../examples/', import.meta.url))
const read = (name: string): string => readFileSync(folder + name, 'utf8')
const examples = readdirSync(folder).filter((name) => name.endsWith('.json'))

describe('examples', () => {
  it('are there', () => {
    expect(examples).to.include('filevault.json').and.to.have.length.above(2)
  })

  for (const name of examples) {
    it(`${name} loads, without a warning`, () => {
      expect(load(written(read(name))).warnings).to.deep.equal([])
    })
  }
})

describe('the commented sample', () => {
  const lines = read('filevault.json').split('\n')
  const isSetting = (line: string): boolean => /^\s*\/\/ ["{]/u.test(line) && !line.includes('" checks')
  // What has no default stands there with an example.
  const isExample = (line: string): boolean => line.includes('// {') || /"(?:stateFolder|\$schema)": /u.test(line)
  const live = (line: string): string => line.replace('// ', '')

  it('is what config init writes', () => {
    expect(configSample).to.equal(read('filevault.json'))
  })

  it('changes nothing as it is', () => {
    const { config, origins } = load(written(read('filevault.json')))
    expect(config).to.deep.equal(fillDefaults({}).config)
    expect([...origins.values()]).to.not.include('file')
  })

  it('names every setting there is', () => {
    const { config } = fillDefaults({})
    const names = [
      config,
      config.search,
      ...config.policies,
      config.limits,
      config.tools,
      config.report,
      config.tellUser,
    ].flatMap(Object.keys)
    for (const name of names) expect(read('filevault.json')).to.include(`"${name}": `)
  })

  for (const line of lines.filter(isSetting)) {
    it(`can be used with only this line live: ${live(line).trim().slice(0, 50)}`, () => {
      const text = lines.map((other) => (other === line ? live(other) : other)).join('\n')
      expect(text).to.not.equal(read('filevault.json'))
      expect(problemsOf(text).filter(({ severity }) => severity === 'error')).to.deep.equal([])
    })
  }

  it('shows defaults: with all settings live but the examples, nothing changes either', () => {
    const text = lines.map((line) => (isSetting(line) && !isExample(line) ? live(line) : line)).join('\n')
    const { config, origins } = load(written(text))
    expect(config).to.deep.equal(fillDefaults({}).config)
    expect([...origins.values()]).to.not.include('default')
  })
})
