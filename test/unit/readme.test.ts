import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readConfig } from '../../lib/config/read.js'
import * as library from '../../lib/index.js'

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text as string)

describe('the README', () => {
  it('shows settings that can be used as they are', () => {
    expect(blocks('json')).to.not.deep.equal([])
    for (const text of blocks('json')) {
      expect(readConfig(Buffer.from(text)).problems.filter(({ severity }) => severity === 'error')).to.deep.equal([])
    }
  })

  it('imports what the library exports', () => {
    const names = blocks('js').flatMap((text) => text.match(/import \{([^}]*)\}/)?.[1]?.split(',') ?? [])
    expect(names).to.not.deep.equal([])
    for (const name of names) expect(library).to.have.property(name.trim())
  })
})
