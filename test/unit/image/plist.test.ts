import { readFileSync, readdirSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { build, buildBinary, type PlistValue as Built } from 'plist'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { isDictionary, parsePlist, plistInteger, type PlistValue } from '../../../lib/image/plist.js'
import { shared } from '../../support/shared.js'

const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
const doctype =
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
const list = (inner: string): Buffer => Buffer.from(`${head}${doctype}<plist version="1.0">\n${inner}\n</plist>\n`)

function refused(bytes: Buffer, limit?: number): string {
  try {
    parsePlist(bytes, limit)
  } catch (error) {
    expect(error).to.be.instanceOf(OperationalError)
    expect((error as OperationalError).code).to.equal('plist-invalid')
    return (error as OperationalError).message
  }
  throw new Error('it was accepted')
}

/** Everything written to stderr while `work` runs. */
function stderrOf(work: () => void): string {
  const write = process.stderr.write.bind(process.stderr)
  const { warn, error } = console
  let written = ''
  const keep = (text: unknown): boolean => {
    written += String(text)
    return true
  }
  process.stderr.write = keep
  console.warn = keep
  console.error = keep
  try {
    work()
  } finally {
    process.stderr.write = write
    console.warn = warn
    console.error = error
  }
  return written
}

describe('property lists', () => {
  it('reads a bundle plist as hdiutil writes it', () => {
    const value = parsePlist(
      list(
        '<dict>\n\t<key>band-size</key>\n\t<integer>8388608</integer>\n\t<key>kind</key>\n\t<string>a b</string>\n</dict>',
      ),
    )
    expect(value).to.deep.equal({ 'band-size': 8388608, kind: 'a b' })
    expect(isDictionary(value)).to.equal(true)
    expect((value as Record<string, PlistValue>)['constructor']).to.equal(undefined)
  })

  it('keeps integers beyond 2^53 exact, flat or nested', () => {
    const integers = '<integer>9223372036854775807</integer>'
    expect(parsePlist(list(`<dict><key>a</key>${integers}</dict>`))).to.deep.equal({ a: 9223372036854775807n })
    expect(parsePlist(list(`<array>${integers}<integer>-12</integer></array>`))).to.deep.equal([
      9223372036854775807n,
      -12,
    ])
  })

  it('reads numbers that a writer stored as text', () => {
    expect(plistInteger(' 8388608 ')).to.equal(8388608n)
    expect(plistInteger('8388608.5')).to.equal(undefined)
    expect(plistInteger('')).to.equal(undefined)
    expect(plistInteger(1.5)).to.equal(undefined)
    expect(plistInteger(true)).to.equal(undefined)
  })

  it('reads entities, comments, CDATA and every kind of value', () => {
    const value = parsePlist(
      list(
        '<!-- x --><dict a="b"><key>&lt;k&#x41;</key><array><true/><false/><real>1.5</real><data>AQI=</data>' +
          '<date>2020-01-02T03:04:05Z</date><string><![CDATA[<&]]>\u{e000}</string><string>\u{e000}i5</string><string/></array></dict>',
      ),
    )
    expect(value).to.deep.equal({
      '<kA': [true, false, 1.5, new Uint8Array([1, 2]), new Date('2020-01-02T03:04:05Z'), '<&\ue000', '\ue000i5', ''],
    })
  })

  it('refuses entity declarations, whatever they are called', () => {
    const bomb = '<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>'
    expect(refused(Buffer.from(head + bomb))).to.contain('declares entities')
    expect(refused(list('<string>&b;</string>'))).to.contain('entity')
    expect(refused(list('<string>&constructor;</string>'))).to.contain('entity')
    expect(refused(list('<string>&#0;</string>'))).to.contain('entity')
  })

  it('refuses bombs of nesting, number and length', () => {
    expect(refused(list(`${'<array>'.repeat(100_000)}`))).to.contain('nests deeper')
    expect(refused(list(`<array>${'<true/>'.repeat(120_000)}</array>`), 2 ** 21)).to.contain('more than 100000')
    expect(refused(Buffer.alloc(2 ** 20 + 1, 32))).to.contain('the limit')
  })

  it('refuses what is not one property list, and says nothing on stderr', () => {
    const broken = [
      '',
      ' ',
      '\0\0\0',
      '\xff\xfe',
      '<plist',
      '<plist>',
      '<plist></plist><plist></plist>',
      '<plist><dict></plist>',
      '<plist><dict><string>a</string><key>b</key></dict></plist>',
      '<plist><dict><key>a</key></dict></plist>',
      '<plist><dict><key>__proto__</key><dict/></dict></plist>',
      '<plist><integer>0x10</integer></plist>',
      '<plist><integer/></plist>',
      '<plist><real>x</real></plist>',
      '<plist><data>*</data></plist>',
      '<plist><string>a<b/></string></plist>',
      '<plist>text</plist>',
      '<plist><true/><true/></plist>',
      '<html><body bgcolor=red></body></html>',
      '{ a = b; }',
      'bplist00',
    ]
    const written = stderrOf(() => {
      for (const text of broken) refused(Buffer.from(text, 'latin1'))
    })
    expect(written).to.equal('')
  })

  it('reads every recorded list, and says nothing on stderr', function () {
    const folder = shared(this, 'hdiutil/')
    const files = readdirSync(folder).filter((name) => name.endsWith('.plist'))
    expect(files).to.not.be.empty
    const written = stderrOf(() => {
      for (const name of files) {
        const bytes = readFileSync(folder + name)
        const start = bytes.indexOf('<?xml')
        const end = bytes.indexOf('</plist>') + 8
        expect(isDictionary(parsePlist(bytes.subarray(start, end))), name).to.equal(true)
      }
    })
    expect(written).to.equal('')
  })
})

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.integer(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.boolean(),
)
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'grapheme-ascii', minLength: 1 }).filter((key) => key !== '__proto__'),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
  ),
})).value

describe('property lists, any', () => {
  it('come back from XML as they were written', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(parsePlist(Buffer.from(build(value as Built)))).to.deep.equal(value)
      }),
      { numRuns: 100 },
    )
  })

  it('come back from binary as they were written', () => {
    const small = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      fc.oneof(fc.nat(), fc.string()),
    )
    fc.assert(
      fc.property(small, (value) => {
        expect(parsePlist(Buffer.from(buildBinary(value)))).to.deep.equal({ ...value })
      }),
      { numRuns: 100 },
    )
  })

  it('with bytes changed either read or are refused in words', () => {
    const binary = Buffer.from(buildBinary({ a: [1, 'b', { c: 2 }], 'band-size': 8388608 }))
    const text = list('<dict><key>a</key><array><integer>1</integer></array></dict>')
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    const written = stderrOf(() => {
      fc.assert(
        fc.property(fc.constantFrom(binary, text), change, (bytes, changes) => {
          const copy = Buffer.from(bytes)
          for (const [at, byte] of changes) copy[at % copy.length] = byte
          try {
            parsePlist(copy)
          } catch (error) {
            expect(error).to.be.instanceOf(OperationalError)
          }
        }),
        { numRuns: 500 },
      )
    })
    expect(written).to.equal('')
  })

  it('that refer to themselves are refused', () => {
    // An array whose only member is itself.
    const trailer = Buffer.alloc(32)
    trailer[6] = 1
    trailer[7] = 1
    trailer.writeBigUInt64BE(1n, 8)
    trailer.writeBigUInt64BE(10n, 24)
    refused(Buffer.concat([Buffer.from('bplist00'), Buffer.from([0xa1, 0x00, 8]), trailer]))
  })
})
