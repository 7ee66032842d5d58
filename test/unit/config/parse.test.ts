import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from '../../../lib/config/parse.js'

const plain = (text: string): unknown => JSON.parse(JSON.stringify(parse(text).value))

describe('parse', () => {
  it('reads comments and trailing commas', () => {
    const text = '// one\n{ /* two */ "a": [1, 2,], // three\n "b": null, }\n'
    expect(parse(text).problems).to.deep.equal([])
    expect(plain(text)).to.deep.equal({ a: [1, 2], b: null })
  })

  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent)
        expect(parse(text).problems).to.deep.equal([])
        // Compared as text: a key may be __proto__, which assignment in the comparing library would lose.
        expect(JSON.stringify(parse(text).value)).to.equal(JSON.stringify(JSON.parse(text)))
      }),
    )
  })

  it('never throws, whatever the text, and says something wherever JSON.parse would', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '"a"', '1', 'tru', '\\', '\n', '\u0000', '-', '.e')
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          const { problems } = parse(text)
          if (problems.length > 0) return
          expect(() => JSON.parse(text.replaceAll(/,(\s*[\]}])/gu, '$1')) as unknown).to.not.throw()
        },
      ),
    )
  })

  it('gives the first of the mistakes at one place', () => {
    const { problems } = parse('{\r\n  "a": 1\r  "b": 2,\n')
    expect(problems.map(({ line, column, message }) => [line, column, message])).to.deep.equal([
      [3, 3, 'a comma is missing here'],
      [4, 1, 'the name of a setting is missing here, in "double quotes"'],
    ])
  })

  it('reports each key that stands twice, with the line of the first, also __proto__ and deep down', () => {
    const text = '{"__proto__": 1,\n "x": [{"a": 1, "a": 2}],\n "__proto__": 2}'
    expect(parse(text).problems.map(({ line, path, message }) => [line, path, message])).to.deep.equal([
      [2, 'x[0].a', '"a" stands here a second time; the first is in line 2'],
      [3, '__proto__', '"__proto__" stands here a second time; the first is in line 1'],
    ])
  })

  it('finds values and keys, and for what is not there what it would stand in', () => {
    const { offsetOf, position } = parse('{\n "a": [\n  {"b": 1}\n ]\n}')
    expect(position(offsetOf(['a', 0, 'b']))).to.deep.equal({ line: 3, column: 9 })
    expect(position(offsetOf(['a', 0, 'b'], 'key'))).to.deep.equal({ line: 3, column: 4 })
    expect(position(offsetOf(['a', 0, 'c']))).to.deep.equal({ line: 3, column: 3 })
    expect(position(offsetOf(['z']))).to.deep.equal({ line: 1, column: 1 })
  })

  it('refuses a megabyte of brackets without parsing it', () => {
    const { problems } = parse('['.repeat(1 << 20))
    expect(problems.map(({ message }) => message)).to.deep.equal(['there are more than 64 brackets within each other'])
    expect(parse(`["${'['.repeat(1000)}"] // ${'['.repeat(1000)}`).problems).to.deep.equal([])
  })
})
