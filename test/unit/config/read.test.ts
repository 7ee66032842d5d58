import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { patterns } from '../../../lib/config/explain.js'
import { configSchema } from '../../../lib/generated/config-schema.js'
import { lines, problemsOf } from './support.js'

describe('readConfig', () => {
  it('names everything that is wrong at once, in the order of the file', () => {
    const text = `{ // as people type
  "serach": {},
  "search": { "roots": ["Users"], "maxDepth": 0, "everyFile": "yes", "maxEntries": 1.5 },
  "policies": [{ "match": {}, "ifInUse": "wiat" }, { "match": { "user": "a/b" }, "waitMinute": 3 }],
  "quietSeconds": 3,
  "limits": [],
  "report": { "on": null, "command": "notify" }
}`
    expect(lines(text)).to.deep.equal([
      'line 2:3, serach: there is no such setting. Did you mean "search"?',
      'line 3:25, search.roots[0]: "Users" is not right: it must be an absolute path, starting with a slash.',
      'line 3:47, search.maxDepth: 0 is out of range: a whole number from 1 to 1024 is allowed.',
      'line 3:63, search.everyFile: "yes" is a text; true or false is wanted.',
      'line 3:84, search.maxEntries: 1.5 is a number with a fraction; a whole number is wanted.',
      'line 4:27, policies[0].match: nothing stands in it: leave it out, or say what it is for.',
      'line 4:42, policies[0].ifInUse: "wiat" is not one of "leave-out", "wait", "copy-and-prove" and "halt". Did you mean "wait"?',
      'line 4:73, policies[1].match.user: "a/b" is not right: it must be a user\'s short name: 1 to 255 characters, no slash.',
      'line 4:82, policies[1].waitMinute: there is no such setting. Did you mean "waitMinutes"?',
      'line 5:3, quietSeconds: there is no such setting here; it belongs at limits.quietSeconds.',
      'line 6:13, limits: [] is a list; a section in {braces} is wanted.',
      'line 7:21, report.on: null is not one of "problem" and "always".',
      'line 7:38, report.command: "notify" is a text; a list in [brackets] is wanted.',
    ])
  })

  it('takes names that every object has for what they are: no settings', () => {
    expect(lines('{"constructor": 1, "__proto__": {}, "search": {"toString": 1}}')).to.have.lengthOf(3)
  })

  it('says nothing about settings after a slip of syntax, which may have been read wrong', () => {
    expect(lines('{"platform": "mac", "limits": {"quietSeconds": 2 "waitMinutes": "x"}, "y": 1}')).to.deep.equal([
      'line 1:14, platform: "mac" is not one of "auto", "macos" and "linux". Did you mean "macos"?',
      'line 1:50: a comma is missing here',
    ])
  })

  it('reads a file that starts with a byte order mark, and counts columns without it', () => {
    expect(lines('\ufeff{}')).to.deep.equal([])
    expect(lines('\ufeff{"x": 1}')[0]).to.match(/^line 1:2, x:/u)
  })

  it('says what is wrong with a file that is no UTF-8 text', () => {
    expect(lines('')).to.deep.equal(['the file is empty: write {} into it, or remove it.'])
    expect(lines(Buffer.from('\ufeff{}', 'utf16le'))).to.deep.equal(['it is stored as UTF-16: store it as UTF-8.'])
    const latin1 = Buffer.from('{\n// \xe9\n}', 'latin1')
    expect(lines(latin1)).to.deep.equal(['line 2:1: this line is no UTF-8: store the file as UTF-8.'])
    expect(lines('// nothing')).to.deep.equal([
      'line 1:1: there is no configuration in it: write {}, or remove the file',
    ])
    expect(lines('[]')).to.deep.equal(['line 1:1: [] is a list; a section in {braces} is wanted.'])
  })

  it('shows values and names short, without what reorders or drives a terminal', () => {
    const evil = '\u202e\u001b[2J\u009b'
    const shown = lines(JSON.stringify({ platform: evil + 'x'.repeat(1000), [evil]: 1 })).join('')
    // eslint-disable-next-line no-control-regex
    expect(shown).to.not.match(/[\u0000-\u001f\u007f-\u009f\u202e]/u)
    expect(shown).to.have.length.below(500)
  })

  it('has plain words for every pattern of the schema', () => {
    const used = JSON.stringify(configSchema).match(/"pattern":"(?:[^"\\]|\\.)*"/gu) ?? []
    const texts = used.map((pair) => (JSON.parse(`{${pair}}`) as { pattern: string }).pattern)
    expect([...new Set(texts)]).to.have.members(Object.keys(patterns))
  })

  it('marks every one of these as an error', () => {
    expect(problemsOf('{"a": 1}').map(({ severity }) => severity)).to.deep.equal(['error'])
  })
})
