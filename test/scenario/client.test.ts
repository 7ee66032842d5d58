import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { content } from '../support/image-writer/content.js'
import { writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../support/image-writer/sparse-image.js'
import { clearTextOf, imageDigest, simulatedMac } from '../support/mac/index.js'
import { runSession } from '../support/session/index.js'
import { delayed } from '../support/ssh/client-machine.js'
import { clientSet, needClient, stopClients } from './support/client-night.js'
import { copied, filesHolding, slowly } from './support/night.js'
import { bandOf, filesIn, rewrite, writeImage } from './support/set.js'

const image = 'alice/Work.sparsebundle'

describe('images on a client behind the gate', function () {
  this.timeout(120_000)
  let holder: ChildProcess | undefined

  before(function () {
    needClient(this)
  })
  afterEach(async () => {
    if (holder !== undefined) {
      const ended = once(holder, 'exit')
      holder.kill('SIGKILL')
      await ended
      holder = undefined
    }
    await stopClients()
  })

  it('are proven like those of this machine, by one login more than LBackup needs', async () => {
    const set = await clientSet()
    // What lies here under the same path is not the client's.
    writeSparseBundle(join(set.lab.source, 'local/Local.sparsebundle'), { bands: [{ index: 0, length: 4096 }] })
    const hooks = join(set.lab.configurationFolder, 'resources')
    renameSync(hooks, `${hooks}.away`)
    await runSession('ours', set.lab, { ssh: set.client.ssh })
    renameSync(`${hooks}.away`, hooks)
    const without = set.client.logins().length
    expect(without, 'LBackup’s own test and its rsync').to.equal(2)
    const result = await set.night()
    expect(result.exitCode, result.output).to.equal(0)
    expect(set.client.logins().length - without, 'logins of a night with us').to.equal(without + 1)
    expect(result.image(image), result.output).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
    expect(result.codes, 'no word of a client that is amiss').to.deep.equal([])
    expect(`${result.output}${JSON.stringify(result.report)}${JSON.stringify(result.record)}`).not.to.contain('Local')
  })

  it('have a band that LBackup took for unchanged found and copied again alone, and older sections stay', async () => {
    const { lab, work, copy, night } = await clientSet()
    await night()
    await night()
    const before = [0, 1].map((number) => filesIn(join(lab.destination, `Section.${String(number)}`, 'source')))
    rewrite(bandOf(work, '3'), 5)
    const source = filesIn(work)
    const found = await night()
    expect(found.image(image).proof?.wrong).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['bands/3'] }])
    expect(found.image(image)).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(found.image(image).kept).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(copy())).to.equal(imageDigest(work))
    const fetched = found.gate.filter((line) => line.includes('--files-from=-'))
    expect(fetched, found.gate.join('\n')).to.have.length(1)
    expect(filesIn(work), 'the source').to.deep.equal(source)
    expect([1, 2].map((number) => filesIn(join(lab.destination, `Section.${String(number)}`, 'source')))).to.deep.equal(
      before,
    )
    const next = await night()
    expect(next.image(image)).to.include({ verdict: 'proven' })
    expect(next.image(image).proof, 'nothing is read here').to.include({ read: 0, bytesRead: 0 })
    expect(next.gate.join('\n'), 'nothing is read there').not.to.contain(' digests ')
    expect(found.gate.join('\n'), 'the premise').to.contain(' digests ')
  })

  for (const repair of ['auto', 'off']) {
    it(`written while rsync copies them are ${repair === 'off' ? 'never called proven' : 'copied again and proven as they are then'}`, async () => {
      const { work, copy, night } = await clientSet({
        settings: { hardlink_option: slowly.hardlink_option.replace('2048', '256') },
        config: repair === 'off' ? { repair } : {},
      })
      // Nothing that rsync could make smaller on its way: the sender must not be done before its turn.
      for (const name of ['0', '1', '2', '3', '4']) writeFileSync(bandOf(work, name), content(name, 512 * 1024))
      const truth = [imageDigest(work)]
      const result = await night({
        occasions: [
          {
            logged: /^source\/alice\/Work\.sparsebundle\/bands\/2$/m,
            stop: true,
            act: () => {
              for (const name of ['0', '4']) rewrite(bandOf(work, name))
              truth.push(imageDigest(work))
            },
          },
        ],
      })
      const { verdict, proof, kept } = result.image(image)
      expect(
        proof?.wrong.flatMap(({ members }) => members),
        `the premise: ${result.output}`,
      ).to.include('bands/0')
      if (repair === 'off') {
        expect(verdict).to.equal('bad')
        return
      }
      expect(verdict).to.equal('proven')
      expect(kept).to.deep.equal({ done: 'repaired' })
      expect(imageDigest(copy())).to.equal(truth[1])
    })
  }

  it('in use there are left out, and their newest good copy stays at its place', async () => {
    const { work, copy, night } = await clientSet()
    await night()
    const good = imageDigest(copy())
    rewrite(bandOf(work, '1'), 100)
    const descriptor = openSync(join(work, 'token'), 'r')
    holder = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
    closeSync(descriptor)
    const used = await night()
    expect(used.exitCode).to.equal(0)
    expect(used.image(image)).to.include({ verdict: 'not-backed-up', loudness: 'fine' })
    expect(used.image(image).usedBy).to.deep.equal([`sleep (pid ${String(holder.pid)})`])
    expect(used.image(image).kept).to.include({ done: 'older-copy', proven: true })
    expect(imageDigest(copy())).to.equal(good)
    expect(imageDigest(work), 'the premise').not.to.equal(good)
  })

  it('that leave their place by a login in mid-run bring no clear text into the section', async () => {
    const { lab, client, night } = await clientSet({ settings: { ignore_rsync_vanished_files: 'YES' } })
    const mac = simulatedMac(client.source)
    mac.addUser('bob', { fileVault: 'sparsebundle' })
    mac.addUser('zoe')
    const result = await night({ at: { 'before-rsync': () => mac.logIn('bob') } })
    expect(result.exitCode, result.output).to.equal(0)
    expect(filesHolding(lab, clearTextOf('bob'))).to.deep.equal([])
    expect(copied(lab)).to.include.members(['zoe/Documents/letter.txt', image])
    expect(copied(lab).filter((path) => /secret|Library/.test(path))).to.deep.equal([])
    expect(result.image('bob.sparsebundle')).to.include({ verdict: 'bad', loudness: 'error' })
    expect(result.image('bob.sparsebundle').reason).to.contain('the image left its place during the run')
    expect(result.image(image).verdict).to.equal('proven')
    mac.logOut('bob')
    const next = await night()
    expect(next.image('bob.sparsebundle').verdict).to.equal('proven')
    expect(imageDigest(join(lab.destination, 'Section.0/source/bob/bob.sparsebundle'))).to.equal(
      imageDigest(mac.imageOf('bob')),
    )
  })

  it('of one file are proven piece by piece, and a changed piece is found and copied again', async () => {
    const { lab, client, night } = await clientSet()
    const path = join(client.source, 'alice/Disk.sparseimage')
    const slots = [...Array(20).keys()]
    writeSparseImage(path, { sectorsPerBand: 2048, sectors: 20 * 2048, slots })
    const copy = join(lab.destination, 'Section.0/source/alice/Disk.sparseimage')
    const first = await night()
    expect(first.image('Disk.sparseimage')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(first.image('Disk.sparseimage').proof?.bytesRead).to.be.above(0)
    expect(imageDigest(copy)).to.equal(imageDigest(path))
    const bytes = readFileSync(path)
    bytes.fill(7, 12 * 1024 * 1024, 12 * 1024 * 1024 + 512)
    const { mtimeMs } = statSync(path)
    writeFileSync(path, bytes)
    utimesSync(path, mtimeMs / 1000 - 5, mtimeMs / 1000 - 5)
    const second = await night()
    expect(second.image('Disk.sparseimage')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(second.image('Disk.sparseimage').kept).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(copy)).to.equal(imageDigest(path))
    const third = await night()
    expect(third.image('Disk.sparseimage').proof).to.include({ read: 0, bytesRead: 0 })
  })

  it('that are gone there are kept outside of rotation, and their absence is told', async () => {
    const { lab, work, copy, night } = await clientSet({ settings: { numRotations: '1' } })
    writeImage(join(work, '../Other.sparsebundle'), 'other')
    await night()
    const good = imageDigest(copy())
    rmSync(work, { recursive: true })
    await night()
    const result = await night()
    expect(result.exitCode).to.equal(0)
    expect(existsSync(copy()), 'rotated out').to.be.false
    const kept = join(lab.destination, '.lbackup-filevault/kept')
    const bundles = readdirSync(kept, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('/Work.sparsebundle'))
      .map((path) => join(kept, path))
    expect(bundles.map(imageDigest)).to.deep.equal([good])
  })

  it('in a source whose name holds a blank are proven', async () => {
    const set = await clientSet({ folderName: 'my source' })
    const result = await set.night()
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.image(image)).to.include({ verdict: 'proven' })
    rewrite(bandOf(set.work, '3'), 5)
    expect((await set.night()).image(image).kept).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
  })

  it('whose clock is an hour ahead are proven, and what was missed is found', async () => {
    const set = await clientSet({ conf: ['tool-date PROGRAM/later'] })
    const later = join(set.client.program, 'later')
    writeFileSync(later, '#!/bin/sh\nexec /usr/bin/date -d "+1 hour" "$@"\n')
    chmodSync(later, 0o755)
    expect((await set.night()).image(image)).to.include({ verdict: 'proven' })
    rewrite(bandOf(set.work, '3'), 5)
    const result = await set.night()
    expect(result.image(image)).to.include({ verdict: 'proven' })
    expect(result.image(image).proof?.wrong).to.deep.equal([{ kind: 'missed-change', count: 1, members: ['bands/3'] }])
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
  })

  it('are proven through LBackup’s kind of wrapper in place of the gate, which loses exit codes and splits its words', async () => {
    const set = await clientSet({ forced: 'PROGRAM/lbackup-wrapper' })
    const wrapper = join(set.client.program, 'lbackup-wrapper')
    const text = `#!/bin/sh\nPATH='${set.client.program}':$PATH\n$SSH_ORIGINAL_COMMAND\nexit 0\n`
    writeFileSync(wrapper, text, { mode: 0o755 })
    await set.night()
    rewrite(bandOf(set.work, '3'), 5)
    const result = await set.night()
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.gate, 'the gate').to.deep.equal([])
    expect(result.image(image)).to.include({ verdict: 'proven' })
    expect(result.image(image).kept).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
  })

  it('are proven over a connection on which every byte takes 100 ms each way', async () => {
    const set = await clientSet({ sshConfig: [delayed(100)] })
    await set.night()
    rewrite(bandOf(set.work, '3'), 5)
    const result = await set.night()
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.image(image)).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(result.image(image).kept).to.deep.equal({ done: 'repaired' })
    expect(imageDigest(set.copy())).to.equal(imageDigest(set.work))
  })
})
