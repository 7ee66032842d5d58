import { expect } from 'chai'
import { collectNotes } from '../../../lib/discover/notes.js'
import type { RawPath } from '../../../lib/text/raw-path.js'

describe('notes of a search', () => {
  it('come by path, and a flood of one code does not drown the others', () => {
    const notes = collectNotes(2)
    for (const path of ['/d', '/b', '/a', '/c']) notes.add('depth-limit', path as RawPath, 'Deep.')
    notes.add('unreadable', '/0' as RawPath, 'No.')
    expect(notes.all().map(({ code, path }) => `${code} ${path}`)).to.deep.equal([
      'unreadable /0',
      'depth-limit /b',
      'depth-limit /d',
      'depth-limit /a',
    ])
    expect(notes.all().at(-1)?.message).to.contain('2 more places')
  })
})
