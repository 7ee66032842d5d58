import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { findingCodes } from '../../lib/finding/codes.js'

const run = fileURLToPath(new URL('../../lib/run/', import.meta.url))

describe('finding codes', () => {
  it('of a run stand all in the table', () => {
    const used = readdirSync(run)
      .flatMap((name) => [...readFileSync(run + name, 'utf8').matchAll(/code: '([a-z-]+)',?\s+severity/g)])
      .map(([, code]) => code as string)
    expect(used).to.include('clear-text-found')
    expect(used.filter((code) => !Object.hasOwn(findingCodes, code))).to.deep.equal([])
  })

  it('are kebab-case nouns', () => {
    for (const code of Object.keys(findingCodes)) expect(code).to.match(/^[a-z]+(-[a-z]+)*$/)
  })
})
