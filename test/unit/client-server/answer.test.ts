import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { expect } from 'chai'
import { readAnswer } from '../../../lib/client/answer.js'
import { toHex, type Verb } from '../../../lib/client/words.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'
import { localClient, nonce } from './support.js'

describe('the answer of a client', function () {
  this.timeout(60_000)

  const read = (text: string | Buffer, verb: Verb = 'version') => readAnswer(Buffer.from(text), nonce, verb)
  const whole = `lbackup-filevault 1 ${nonce} version\nplatform linux\nend ${nonce} ok 1\n`

  it('that is cut at any byte is never taken for a whole one', () => {
    const root = temporaryFolder()
    const image = join(root, 'Work.sparsebundle')
    writeSparseBundle(image, { bands: [{ index: 0, length: 4096 }] })
    const client = localClient(root)
    const path = toHex(fromText(image))
    const answers: [Verb, Buffer][] = [
      ['version', client.printed('version')],
      ['exists', client.printed('exists', [path])],
      ['fingerprints', client.printed('fingerprints', [path])],
      ['digests', client.printed('digests', [path], 'bands/0\ntoken\nnone\n')],
      ['look', client.printed('look', [path])],
    ]
    for (const [verb, printed] of answers) {
      expect(readAnswer(printed, nonce, verb), verb).to.be.an('object')
      for (let length = 0; length < printed.length; length += 1) {
        const got = readAnswer(printed.subarray(0, length), nonce, verb)
        if (got !== (length === 0 ? 'absent' : 'cut-off')) {
          expect.fail(`${verb} cut at ${String(length)} of ${String(printed.length)}: ${JSON.stringify(got)}`)
        }
      }
    }
  })

  it('without a line in its middle, or with one more, is cut off', () => {
    const lines = `lbackup-filevault 1 ${nonce} look\na\nb\nc\nend ${nonce} ok 3\n`.split('\n')
    expect(read(lines.join('\n'), 'look')).to.include({ status: 'ok' })
    for (const at of [1, 2, 3]) {
      expect(read(lines.toSpliced(at, 1).join('\n'), 'look'), String(at)).to.equal('cut-off')
      expect(read(lines.toSpliced(at, 0, 'd').join('\n'), 'look'), String(at)).to.equal('cut-off')
    }
  })

  it('to another call is none, wherever the other nonce stands', () => {
    const other = nonce.replace('f', 'e')
    expect(read(whole)).to.be.an('object')
    expect(read(whole.replaceAll(nonce, other))).to.equal('cut-off')
    expect(read(whole.replace(nonce, other))).to.equal('cut-off')
    expect(read(whole.replace(`end ${nonce}`, `end ${other}`))).to.equal('cut-off')
    expect(read(whole, 'look')).to.equal('cut-off')
  })

  it('of another version is told as such, also where it knows neither our nonce nor our verb', () => {
    expect(read(whole.replace('filevault 1', 'filevault 2'))).to.equal('other-version')
    expect(read('lbackup-filevault 2 - -\nproblem This client speaks version 2 only.\nend - refused 1\n')).to.equal(
      'other-version',
    )
    expect(read(whole.replace(' ok 1', ' splendid 1'))).to.equal('other-version')
  })

  it('counts from its own first line, whatever a login shell printed before', () => {
    const got = read(`Welcome.\nlbackup-filevault greets\n\n${whole}`)
    expect(got).to.deep.equal({ status: 'ok', lines: ['platform linux'], problems: [] })
    expect(read(`Welcome. ${whole}`), 'within a line').not.to.be.an('object')
    expect(read(`${whole}Bye.\n`), 'after it').to.equal('cut-off')
  })

  it('is none where only others speak', () => {
    for (const text of [
      '',
      'sh: lbackup-filevault-client: not found\n',
      'lbackup-filevault: this command is denied.\n',
    ]) {
      expect(read(text), text).to.equal('absent')
    }
  })
})
