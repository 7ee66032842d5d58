import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab, type LabOptions } from '../support/session/index.js'
import { night } from './support/night.js'

/** Two images of alice's at rest. */
function lab(options: LabOptions = {}): { lab: Lab; stateFolder: string } {
  const made = makeLab(options)
  mkdirSync(join(made.source, 'alice'))
  for (const name of ['Old', 'Work']) {
    const bands = [{ index: 0, length: mebibyte }]
    writeSparseBundle(join(made.source, `alice/${name}.sparsebundle`), { bands, seed: name })
  }
  return { lab: made, stateFolder: protect(made) }
}

const copyOf = (made: Lab, name: string): string =>
  join(made.destination, `Section.0/source/alice/${name}.sparsebundle`)

for (const host of hosts) {
  describe(`the administrator's excludes, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('that leave an image out are named in a plain line, and stay as they are', async () => {
      const excludes = '# Nobody needs it\r\nOld.sparsebundle\n*.tmp'
      const { lab: made, stateFolder } = lab({ excludes })
      const result = await night(host, made, stateFolder)
      expect(result.exitCode).to.equal(0)
      expect(result.image('Old.sparsebundle')).to.include({ verdict: 'not-backed-up', loudness: 'fine' })
      expect(result.said.join('\n')).to.match(
        /^not backed up: .*Old\.sparsebundle .*: LBackup's excludes file leaves it out\.$/m,
      )
      expect(result.image('Work.sparsebundle').verdict).to.equal('proven')
      expect(existsSync(copyOf(made, 'Old'))).to.be.false
      expect(readFileSync(made.excludesFile, 'utf8')).to.equal(excludes)
    })

    it('with a line that cancels all others halt the night, with its number', async () => {
      const { lab: made, stateFolder } = lab({
        excludes: '*.tmp\n\n!\n',
        settings: { post_actions_on_backup_error: 'YES' },
      })
      const result = await night(host, made, stateFolder)
      expect(result.exitCode).to.equal(129)
      expect(result.said[0]).to.match(/^ERROR! .*excludes\.txt.*line 3/)
      expect(result.sections).to.deep.equal([])
      expect(result.codes).to.deep.equal(['no-new-section'])
    })
  })
}

describe("the administrator's excludes", function () {
  this.timeout(60_000)

  it('that reach into an image halt the night, because no such copy can be opened', async () => {
    const { lab: made, stateFolder } = lab({ excludes: 'token\n' })
    // A home, so that there is a block as well.
    writeSparseBundle(join(made.source, 'bob/bob.sparsebundle'), { bands: [{ index: 0, length: mebibyte }] })
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(129)
    expect(result.sections).to.deep.equal([])
    for (const name of ['Old.sparsebundle', 'Work.sparsebundle', 'bob.sparsebundle']) {
      expect(result.image(name)).to.include({ verdict: 'not-backed-up', loudness: 'error' })
      expect(result.image(name).reason).to.match(
        /excludes file leaves token out of it, and such a copy cannot be opened/,
      )
    }
  })

  it('that take a band of an image are found out by comparing the copy with the image, and the band is copied', async () => {
    const { lab: made, stateFolder } = lab({ excludes: '/source/alice/Work.sparsebundle/bands/3\n' })
    writeFileSync(join(made.source, 'alice/Work.sparsebundle/bands/3'), 'band')
    const result = await night('ours', made, stateFolder)
    expect(result.image('Old.sparsebundle').verdict).to.equal('proven')
    expect(result.image('Work.sparsebundle')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.image('Work.sparsebundle').reason).to.match(
      /^1 member of the copy was wrong and copied again \(bands\/3 is missing in the copy\)/,
    )
  })

  it('whose name only bash could work out halt the night, with the line of the configuration', async () => {
    const { lab: made, stateFolder } = lab({ settings: { excludes_filename: '${OTHER:-excludes.txt}' } })
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(129)
    expect(result.output).to.match(
      /ERROR! excludes_filename cannot be read from LBackup's configuration: line 5 is not/,
    )
    expect(result.log).to.contain('ERROR! excludes_filename cannot be read')
    expect(result.sections).to.deep.equal([])
  })

  it('whose name LBackup exports may come from anywhere', async () => {
    const { lab: made, stateFolder } = lab()
    made.set({ excludes_filename: '${OTHER:-excludes.txt}' }, ['export excludes_filename'])
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(0)
    expect(result.report.counts).to.include({ images: 2, proven: 2 })
  })
})
