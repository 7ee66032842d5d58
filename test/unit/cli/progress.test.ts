import { expect } from 'chai'
import { progressTo } from '../../../lib/cli/progress.js'

const mebibyte = 1024 * 1024

/** What is written to standard error while a gibibyte is done, one MiB each so many milliseconds. */
function written(live: boolean, millisecondsEach: number): string[] {
  const lines: string[] = []
  let clock = 1000
  const context = { stdout: () => undefined, stderr: (text: string) => void lines.push(text), env: {}, live }
  const { done, end } = progressTo(context, 'exported', 1024 * mebibyte, () => clock)
  for (let bytes = mebibyte; bytes <= 1024 * mebibyte; bytes += mebibyte) {
    clock += millisecondsEach
    done(bytes)
  }
  end()
  return lines
}

describe('the progress of what takes long', () => {
  it('is one line on a terminal, written over twice a second and taken away at the end', () => {
    const lines = written(true, 10)
    expect(lines).to.have.length(21)
    expect(lines[0]).to.equal('\rlbackup-filevault: 50.0 MiB of 1.0 GiB exported (4 %) …\x1b[K')
    expect(lines.at(-2)).to.equal('\rlbackup-filevault: 1000 MiB of 1.0 GiB exported (97 %) …\x1b[K')
    expect(lines.at(-1)).to.equal('\r\x1b[K')
  })

  it('is a line each half minute in a log', () => {
    expect(written(false, 60)).to.deep.equal([
      'lbackup-filevault: 500 MiB of 1.0 GiB exported (48 %) …\n',
      'lbackup-filevault: 1000 MiB of 1.0 GiB exported (97 %) …\n',
    ])
  })

  it('is not told of what is done soon', () => {
    expect(written(true, 0.4)).to.deep.equal([])
    expect(written(false, 20)).to.deep.equal([])
  })
})
