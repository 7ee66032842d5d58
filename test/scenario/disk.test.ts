import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest, simulatedMac } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { night } from './support/night.js'

function lab(settings: Record<string, string> = {}): {
  made: Lab
  mac: ReturnType<typeof simulatedMac>
  stateFolder: string
} {
  const made = makeLab({ settings: { post_actions_on_backup_error: 'YES', ...settings } })
  const mac = simulatedMac(made.source)
  mac.addUser('alice')
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  return { made, mac, stateFolder: protect(made) }
}

const idOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'store.json'), 'utf8')) as { id: string }).id

for (const host of hosts) {
  describe(`the backup disk, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    it('gets our mark in the first night; without it the next is halted, and nothing is written', async () => {
      const { made, stateFolder } = lab()
      const first = await night(host, made, stateFolder)
      expect(first.exitCode).to.equal(0)
      expect(idOf(join(made.destination, '.lbackup-filevault'))).to.equal(idOf(stateFolder))
      expect(first.status.storeId).to.equal(idOf(stateFolder))
      renameSync(made.destination, `${made.destination}.real`)
      mkdirSync(made.destination)
      const second = await night(host, made, stateFolder)
      expect(second.exitCode).to.equal(129)
      expect(second.said[0]).to.match(
        /^ERROR! The backup disk is not mounted, or not the one we know: our mark is not on it/,
      )
      expect(second.codes).to.deep.equal(['no-new-section'])
      expect(readdirSync(made.destination)).to.deep.equal([])
      expect(second.status.slots).to.have.length(1)
    })
  })
}

describe('the backup disk', function () {
  this.timeout(60_000)

  it('of another set is refused, and stays as it is', async () => {
    const [one, two] = [lab(), lab()]
    await night('ours', one.made, one.stateFolder)
    await night('ours', two.made, two.stateFolder)
    rmSync(one.made.destination, { recursive: true })
    renameSync(two.made.destination, one.made.destination)
    const before = readdirSync(one.made.destination, { recursive: true })
    const result = await night('ours', one.made, one.stateFolder)
    expect(result.exitCode).to.equal(129)
    expect(result.said[0]).to.contain('it carries the mark of another backup disk')
    expect(readdirSync(one.made.destination, { recursive: true })).to.deep.equal(before)
    expect(result.report.images).to.deep.equal([])
  })

  it('whose folder is gone altogether is refused', async () => {
    const { made, stateFolder } = lab()
    await night('ours', made, stateFolder)
    rmSync(made.destination, { recursive: true })
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(129)
    expect(existsSync(made.destination)).to.be.false
  })

  it('is known again once it is back, and nothing of the halted night is held against it', async () => {
    const { made, stateFolder } = lab()
    await night('ours', made, stateFolder)
    renameSync(made.destination, `${made.destination}.away`)
    await night('ours', made, stateFolder)
    renameSync(`${made.destination}.away`, made.destination)
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(0)
    expect(result.codes).to.deep.equal([])
    expect(result.said.join('\n')).not.to.match(/took over|taken over|ended without/)
    expect(result.sections).to.deep.equal(['Section.0', 'Section.1'])
  })

  it('never gets a source that is a link: that would be the live files under another name', async () => {
    const { made, stateFolder } = lab()
    await night('ours', made, stateFolder)
    renameSync(made.source, `${made.source}.real`)
    symlinkSync(`${made.source}.real`, made.source)
    const result = await night('ours', made, stateFolder)
    expect(result.exitCode).to.equal(129)
    expect(result.said[0]).to.match(/^ERROR! LBackup's backupSource .* is a symbolic link/)
    expect(result.sections).to.deep.equal(['Section.0'])
    // The post hook of the halted night looks at nothing.
    expect(result.report).to.deep.include({ phase: 'post', images: [] })
    expect(result.codes).to.deep.equal(['no-new-section'])
  })

  for (const rotations of [1, 2, 3]) {
    it(`holds the last ${String(rotations)} of four nights, each as its image was then`, async () => {
      const { made, mac, stateFolder } = lab({ numRotations: String(rotations) })
      const digests: string[] = []
      for (let count = 1; count <= 4; count += 1) {
        mac.write('bob')
        digests.unshift(imageDigest(mac.imageOf('bob')))
        const result = await night('ours', made, stateFolder)
        expect(result.exitCode).to.equal(0)
        expect(result.image('bob.sparsebundle').verdict).to.equal('proven')
        const kept = digests.slice(0, rotations)
        expect(result.sections).to.deep.equal(kept.map((_, number) => `Section.${String(number)}`))
        const found = kept.map((_, number) =>
          imageDigest(join(made.destination, `Section.${String(number)}/source/bob/bob.sparsebundle`)),
        )
        expect(found).to.deep.equal(kept)
      }
    })
  }
})

describe('the images of a night', function () {
  this.timeout(60_000)

  it('are counted against those of the night before', async () => {
    const { made, mac, stateFolder } = lab()
    mac.addUser('carol', { fileVault: 'sparseimage' })
    await night('ours', made, stateFolder)
    rmSync(mac.imageOf('carol'))
    const second = await night('ours', made, stateFolder)
    expect(second.exitCode).to.equal(0)
    expect(second.said.join('\n')).to.match(
      /^WARNING! The image .*carol\.sparseimage of .*, seen last at \S+Z, is no longer in the source\. Find out/m,
    )
    const third = await night('ours', made, stateFolder)
    expect(third.said.filter((line) => line.includes('carol'))).to.have.length(1)
    expect(third.said.join('\n')).to.match(
      /^The image .*carol\.sparseimage of .* has been gone from the source since \S+Z\.$/m,
    )
    rmSync(mac.imageOf('bob'), { recursive: true })
    const fourth = await night('ours', made, stateFolder)
    expect(fourth.said.join('\n')).to.match(
      /^WARNING! No disk image was found in the backup's source\. There were .*bob\.sparsebundle\./m,
    )
    expect(fourth.said.at(-1)).to.match(/0 images \(\d+ entries searched/)
  })

  it('may be none, where the administrator says so', async () => {
    const { made, mac } = lab()
    rmSync(mac.imageOf('bob'), { recursive: true })
    const warned = await night('ours', made, protect(made))
    expect(warned.said.join('\n')).to.contain('WARNING! No disk image was found')
    const result = await night('ours', made, protect(made, { search: { mayBeEmpty: true } }))
    expect(result.exitCode).to.equal(0)
    expect(result.said.filter((line) => line.startsWith('WARNING'))).to.deep.equal([])
    expect(result.said).to.have.length(2)
  })
})
