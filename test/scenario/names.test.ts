import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost } from '../support/session/index.js'
import { filesHolding, night } from './support/night.js'

/** Names as bytes, one a character. */
const names = [
  ' leading blank',
  'trailing blank ',
  'new\nline',
  'carriage\rreturn',
  'caf\xe9',
  'st*r?[a]\\{b}',
  '# comment',
  '- minus',
]

const bytes = (...parts: string[]): Buffer => Buffer.from(parts.join('/'), 'latin1')

for (const host of hosts) {
  describe(`strange names of users and images, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('go through a whole night, and through logins in the middle of it', async () => {
      const lab = makeLab()
      // Each user has the image of his home, and one of his own beside other files.
      for (const name of names) {
        for (const [home, image] of [
          [name, name],
          [`${name} too`, `my ${name}`],
        ] as const) {
          writeSparseBundle(join(lab.folder, 'new'), { seed: image, bands: [{ index: 0, length: mebibyte / 4 }] })
          mkdirSync(bytes(lab.source, home))
          renameSync(join(lab.folder, 'new'), bytes(lab.source, home, `${image}.sparsebundle`))
        }
        writeFileSync(bytes(lab.source, `${name} too`, `file ${name}`), 'plain')
      }
      const stateFolder = protect(lab)
      const first = await night(host, lab, stateFolder)
      expect(first.exitCode).to.equal(0)
      expect(first.report.severity).to.equal('fine')
      expect(first.report.counts).to.include({ images: 2 * names.length, proven: 2 * names.length })
      execFileSync('diff', ['-r', lab.source, join(lab.destination, 'Section.0/source')])
      // Before rsync everybody logs in.
      const second = await night(host, lab, stateFolder, {
        at: {
          'before-rsync': () => {
            for (const name of names) {
              mkdirSync(bytes(lab.source, `.${name}`))
              renameSync(
                bytes(lab.source, name, `${name}.sparsebundle`),
                bytes(lab.source, `.${name}`, `${name}.sparsebundle`),
              )
              writeFileSync(bytes(lab.source, name, 'secret'), 'clear text')
            }
          },
        },
      })
      expect(second.exitCode).to.equal(0)
      expect(filesHolding(lab, 'clear text')).to.deep.equal([])
      expect(second.report.counts).to.include({ images: 2 * names.length, proven: names.length, bad: names.length })
      // A newline in a name never makes a second line.
      expect(second.said.filter((line) => line.startsWith('ERROR! bad: '))).to.have.length(names.length)
      expect(second.log.slice(first.log.length)).not.to.match(/^line\.sparsebundle/m)
    })
  })
}
