import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, openSync, closeSync, readdirSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { writeSparseImage } from '../support/image-writer/sparse-image.js'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { realImage } from '../support/real-images.js'
import { hosts, makeLab, needHost, type Lab } from '../support/session/index.js'
import { shared } from '../support/shared.js'
import { skip } from '../support/skip.js'
import { night } from './support/night.js'

const run = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8' }).trim()
const holders: ChildProcess[] = []
const undo: (() => void)[] = []

/** Starts a process that holds a file open until the test ends. */
function hold(path: string): number {
  const descriptor = openSync(path, 'r')
  const child = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] })
  closeSync(descriptor)
  holders.push(child)
  return child.pid as number
}

async function letGo(): Promise<void> {
  for (const child of holders.splice(0)) {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

function attach(path: string, ...options: string[]): string {
  const device = run('losetup', '--find', '--show', ...options, path)
  undo.push(() => run('losetup', '--detach', device))
  return device
}

const copyOf = (lab: Lab, path: string): string =>
  join(lab.destination, 'Section.0/source', path.slice(lab.source.length))

for (const host of hosts) {
  describe(`real images on a server, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(120_000)
    before(function () {
      needHost(this, host)
    })

    it('are all copied whole, encrypted ones as well', async function () {
      const lab = makeLab()
      const archives = readdirSync(shared(this, 'images')).filter((name) => name.endsWith('.tgz'))
      const images = archives.map((archive) => {
        const folder = join(lab.source, basename(archive, '.tgz').replaceAll('.', '-'))
        const { file } = realImage(this, archive)
        cpSync(file, join(folder, basename(file)), { recursive: true, preserveTimestamps: true })
        return join(folder, basename(file))
      })
      expect(images).to.have.length.above(7)
      const result = await night(host, lab, protect(lab))
      expect(result.exitCode).to.equal(0)
      expect(result.report.counts).to.include({ images: images.length, proven: images.length })
      for (const path of images) {
        expect(result.image(path).verdict).to.equal('proven')
        expect(imageDigest(copyOf(lab, path))).to.equal(imageDigest(path))
      }
    })
  })
}

describe('an image that is really in use on a server', function () {
  this.timeout(60_000)
  before(function () {
    if (process.platform !== 'linux') skip(this, 'needs Linux')
    if (process.geteuid?.() !== 0) skip(this, 'needs root')
  })
  afterEach(async () => {
    await letGo()
    for (const step of undo.splice(0).reverse()) step()
  })

  function bundles(): { lab: Lab; work: string; old: string } {
    const lab = makeLab()
    mkdirSync(join(lab.source, 'alice'))
    const [work, old] = ['Work', 'Old'].map((name) => join(lab.source, `alice/${name}.sparsebundle`)) as [
      string,
      string,
    ]
    for (const path of [work, old]) writeSparseBundle(path, { seed: path, bands: [{ index: 0, length: mebibyte }] })
    return { lab, work, old }
  }

  it('halts the night, where the policy says so, while a process holds a band of it, and is copied once it is closed', async () => {
    const { lab, work } = bundles()
    const stateFolder = protect(lab, { policies: [{ ifInUse: 'halt' }] })
    const pid = hold(join(work, 'bands/0'))
    const held = await night('ours', lab, stateFolder)
    expect(held.exitCode).to.equal(129)
    expect(held.said.find((line) => line.startsWith('ERROR! '))).to.match(
      new RegExp(`^ERROR! not backed up: .*Work\\.sparsebundle \\(.*\\): in use by .*sleep.*${String(pid)}`),
    )
    expect(held.said.join('\n')).not.to.match(/Old\.sparsebundle.*in use/)
    await letGo()
    const free = await night('ours', lab, stateFolder)
    expect(free.report.counts).to.include({ images: 2, proven: 2 })
  })

  it('is waited for until the process ends', async () => {
    const { lab, work } = bundles()
    const stateFolder = protect(lab, { policies: [{ ifInUse: 'wait', waitMinutes: 10 }] })
    hold(join(work, 'token'))
    const result = await night('ours', lab, stateFolder, {
      occasions: [{ logged: /Waiting for .*Work/, act: () => void letGo() }],
    })
    expect(result.exitCode).to.equal(0)
    expect(result.report.counts).to.include({ images: 2, proven: 2 })
    expect(result.said.join('\n')).to.contain('Waiting for ')
  })

  it('as a loop device is copied where the policy says so, its mounted volume never', async () => {
    const lab = makeLab()
    const image = join(lab.source, 'Disk.sparseimage')
    writeSparseImage(
      image,
      { sectorsPerBand: 2048, sectors: 8 * 2048, slots: [0, 1, 2, 3, 4, 5, 6, 7] },
      { withContent: false },
    )
    const device = attach(image, '--offset', '4096')
    run('mkfs.ext4', '-q', device)
    const point = join(lab.source, 'Disk')
    mkdirSync(point)
    run('mount', device, point)
    undo.push(() => run('umount', point))
    run('sh', '-c', 'echo secret >"$0/secret"; sync "$0/secret"', point)
    const result = await night('ours', lab, protect(lab, { policies: [{ ifInUse: 'copy-and-prove' }] }))
    expect(result.exitCode).to.equal(0)
    // Its file system may write on, or not.
    expect(result.image('Disk.sparseimage').verdict).to.be.oneOf(['proven', 'suspect'])
    expect(existsSync(copyOf(lab, image))).to.be.true
    expect(existsSync(copyOf(lab, join(point, 'secret')))).to.be.false
  })

  it('because it holds the backup itself is left out in a plain line, and not waited for', async () => {
    const lab = makeLab()
    const image = join(lab.source, 'Backup.sparseimage')
    writeSparseImage(
      image,
      { sectorsPerBand: 2048, sectors: 16 * 2048, slots: [...Array(16).keys()] },
      { withContent: false },
    )
    const device = attach(image, '--offset', '4096')
    run('mkfs.ext4', '-q', device)
    run('mount', device, lab.destination)
    undo.push(() => run('umount', lab.destination))
    const result = await night(
      'ours',
      lab,
      protect(lab, { policies: [{ ifInUse: 'wait', waitMinutes: 10 }], search: { mayBeEmpty: true } }),
    )
    expect(result.exitCode).to.equal(0)
    expect(result.image('Backup.sparseimage')).to.include({
      verdict: 'not-backed-up',
      loudness: 'fine',
      waitedSeconds: 0,
    })
    expect(result.image('Backup.sparseimage').decision?.code).to.equal('own-store')
    expect(result.said.join('\n')).not.to.contain('Waiting')
    expect(existsSync(copyOf(lab, image))).to.be.false
  })

  it('and damaged at its source is told before the copy and after it', async () => {
    const { lab, work } = bundles()
    writeSparseBundle(join(lab.source, 'alice/Mapped.sparsebundle'), {
      mapped: true,
      bands: [{ index: 0, length: mebibyte }],
    })
    truncateSync(join(lab.source, 'alice/Mapped.sparsebundle/bands/0'), 4096)
    const result = await night('ours', lab, protect(lab))
    expect(result.exitCode).to.equal(0)
    const said = result.said.join('\n')
    expect(said).to.match(/^WARNING! planned: .*Mapped\.sparsebundle .*: nothing uses it; it is damaged: /m)
    expect(said).to.match(/^ERROR! bad: .*Mapped\.sparsebundle .*: the image itself is damaged at its source: /m)
    expect(result.image('Mapped.sparsebundle').findings.map(({ code }) => code)).to.include('mapped-band-short')
    expect(result.image(work.slice(lab.source.length)).verdict).to.equal('proven')
  })
})
