import { expect } from 'chai'
import fc from 'fast-check'
import { readClientWord } from '../../../lib/watch/client-words.js'

const nonce = '0123456789abcdef'
const read = (line: string) => readClientWord(line, nonce)

describe('a word of a client that watches', () => {
  it('is read, what comes and what goes as the same thing', () => {
    for (const [line, word] of [
      [`lbackup-filevault 1 ${nonce} watch`, { says: 'began' }],
      [`end ${nonce} too-much 12`, { says: 'ended' }],
      ['tick 1795645971', { says: 'tick' }],
      ['gap 61', { says: 'gap', seconds: 61 }],
      ['problem It cannot be found out.', { says: 'problem', text: 'It cannot be found out.' }],
      ['login bob-2.a@b_?', { says: 'there', thing: 'login bob-2.a@b_?' }],
      ['logout bob', { says: 'gone', thing: 'login bob' }],
      ['attached 2f61', { says: 'there', thing: 'attached 2f61' }],
      ['detached 2f61', { says: 'gone', thing: 'attached 2f61' }],
      ['appeared 2f61', { says: 'there', thing: 'appeared 2f61' }],
      ['vanished 2f61', { says: 'gone', thing: 'appeared 2f61' }],
      ['mounted 2f61', { says: 'there', thing: 'mounted 2f61' }],
      ['unmounted 2f61', { says: 'gone', thing: 'mounted 2f61' }],
    ] as const) {
      expect(read(line), line).to.deep.equal(word)
    }
  })

  it('of another call, another version or another language is none', () => {
    for (const line of [
      ...[
        '',
        ' ',
        'tick',
        'tick ',
        'tick x',
        'tick 1 2',
        'tick -1',
        `tick ${'1'.repeat(16)}`,
        'gap',
        'gap 1.5',
        'problem',
      ],
      ...[
        'login',
        'login ',
        'login a b',
        'login a/b',
        `login ${'a'.repeat(257)}`,
        'logon bob',
        'Login bob',
        '__proto__ a',
      ],
      ...['attached', 'attached 2', 'attached 2F', 'attached /a', 'attached 2f\r', `attached ${'2f'.repeat(4097)}`],
      ...['constructor 2f', 'toString 2f', 'end', `end ${nonce} ok`, 'end fedcba9876543210 ok 1'],
      ...[
        'lbackup-filevault 1 fedcba9876543210 watch',
        `lbackup-filevault 2 ${nonce} watch`,
        `lbackup-filevault 1 ${nonce} look`,
      ],
    ]) {
      expect(read(line), line).to.equal(undefined)
    }
  })

  it('is one or none, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void read(line)))
    const words = fc.constantFrom(
      'login',
      'logout',
      'attached',
      'gap',
      'tick',
      'end',
      'problem',
      '\0',
      '2f',
      nonce,
      '9e9',
    )
    fc.assert(fc.property(fc.array(words), (line) => void read(line.join(' '))))
  })
})
