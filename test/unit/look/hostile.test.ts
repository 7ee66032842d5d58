import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { lookAtStructure } from '../../../lib/look/structure.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { mebibyte, writeSparseBundle, type BundleShape } from '../../support/image-writer/sparse-bundle.js'
import { skip } from '../../support/skip.js'
import { temporaryFolder } from '../../support/temporary.js'

function bundle(shape: BundleShape = {}): { file: string; look: () => string[] } {
  const file = join(temporaryFolder(), 'a.sparsebundle')
  writeSparseBundle(file, { bands: [{ index: 0, length: 8192 }], ...shape })
  const look = (): string[] => {
    const { findings } = lookAtStructure({ path: fromText(file), container: 'sparse-bundle' }, { inUse: false })
    return findings.map(({ code, member }) => `${code} ${member ?? ''}`.trim()).sort()
  }
  return { file, look }
}

describe('a crafted bundle', () => {
  it('with a property list of 1 GB is judged without reading it', () => {
    const { file, look } = bundle()
    truncateSync(join(file, 'Info.plist'), 2 ** 30)
    expect(look()).to.deep.equal(['plist-half-lost Info.plist'])
    truncateSync(join(file, 'token'), 2 ** 40)
    expect(look()).to.deep.equal(['plist-half-lost Info.plist', 'token-invalid token'])
  })

  it('with a bomb of entities is refused', () => {
    const { file, look } = bundle()
    const bomb = '<!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><plist><string>&b;</string></plist>'
    for (const name of ['Info.plist', 'Info.bckup']) writeFileSync(join(file, name), bomb)
    expect(look()).to.deep.equal(['plist-unreadable Info.plist'])
  })

  it('with impossible sizes is judged', () => {
    const far = 2n ** 63n
    expect(bundle({ bandSize: 1, virtualBytes: 2n ** 53n - 512n }).look()).to.deep.equal([
      'band-overlong bands/0',
      'band-size-unusual Info.plist',
    ])
    for (const bandSize of [0, -1, far]) {
      expect(bundle({ bandSize }).look(), String(bandSize)).to.deep.equal(['band-size-invalid Info.plist'])
    }
    for (const virtualBytes of [0, -512, far]) {
      expect(bundle({ virtualBytes }).look(), String(virtualBytes)).to.deep.equal(['image-size-invalid Info.plist'])
    }
    expect(bundle({ virtualBytes: 4 * mebibyte + 1 }).look()).to.deep.equal(['image-size-unusual Info.plist'])
  })

  it('that is a link, a file, or not there is no crash', () => {
    const { file, look } = bundle()
    renameSync(file, `${file}.away`)
    expect(look()).to.deep.equal(['image-missing'])
    symlinkSync(`${file}.away`, file)
    expect(look()).to.deep.equal(['image-swapped'])
    rmSync(file)
    writeFileSync(file, '')
    expect(look()).to.deep.equal(['image-swapped'])
  })

  it('that is a FIFO where a sparse image is expected does not hang', () => {
    const file = join(temporaryFolder(), 'a.sparseimage')
    execFileSync('mkfifo', [file])
    const { findings } = lookAtStructure({ path: fromText(file), container: 'sparse-image' }, { inUse: false })
    expect(findings.map(({ code }) => code)).to.deep.equal(['image-swapped'])
  })

  it('that Time Machine has not finished is told apart', () => {
    const file = join(temporaryFolder(), 'a 2026-01-01.incomplete')
    writeSparseBundle(file)
    const { findings } = lookAtStructure({ path: fromText(file), container: 'sparse-bundle' }, { inUse: false })
    expect(findings.map(({ code }) => code)).to.deep.equal(['image-incomplete'])
  })

  it('lists twenty of its faults and counts the rest', () => {
    const bands = Array.from({ length: 50 }, (_, index) => ({ index: index + 100, length: 1 }))
    const codes = bundle({ bands }).look()
    expect(codes.filter((code) => code.startsWith('band-out-of-range bands/'))).to.have.lengthOf(20)
    expect(codes.filter((code) => code === 'band-out-of-range')).to.have.lengthOf(1)
    expect(codes).to.have.lengthOf(21)
  })

  it('whose members may not be read is never called damaged or empty', function () {
    const setpriv = process.getuid?.() === 0
    if (!setpriv) skip(this, 'only root can look as another user')
    const { file } = bundle({ mapped: true })
    for (const name of ['Info.plist', 'Info.bckup', 'token']) chmodSync(join(file, name), 0)
    chmodSync(join(file, 'bands'), 0)
    chmodSync(file, 0o755)
    chmodSync(join(file, '..'), 0o755)
    const uid = process.geteuid?.() ?? 0
    process.seteuid?.(65534)
    try {
      const image = { path: fromText(file), container: 'sparse-bundle' } as const
      const { findings, encryption } = lookAtStructure(image, { inUse: false })
      expect(findings.map(({ code, member }) => `${code} ${member ?? ''}`).sort()).to.deep.equal(
        ['Info.bckup', 'Info.plist', 'bands', 'token'].map((name) => `member-unreadable ${name}`),
      )
      expect(encryption).to.equal('unknown')
    } finally {
      process.seteuid?.(uid)
    }
  })
})

describe('a bands folder that is swapped for a link again and again', () => {
  it('is never followed, and never a crash', async () => {
    const { file, look } = bundle()
    const trap = join(file, '..', 'trap')
    mkdirSync(trap)
    // Outside the disk: seen in the findings only if the link was followed.
    writeFileSync(join(trap, 'ffff'), '')
    symlinkSync(trap, join(file, 'link'))
    const [bands, away, link] = ['bands', 'away', 'link'].map((name) => JSON.stringify(join(file, name)))
    const swap = `const { renameSync: r } = require('node:fs')
      process.stdout.write('go')
      for (;;) { r(${bands}, ${away}); r(${link}, ${bands}); r(${bands}, ${link}); r(${away}, ${bands}) }`
    const swapper = spawn(process.execPath, ['-e', swap], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(swapper, 'exit')
    await once(swapper.stdout, 'data')
    const seen = new Set<string>()
    try {
      for (let round = 0; round < 300; round += 1) for (const finding of look()) seen.add(finding)
    } finally {
      swapper.kill('SIGKILL')
      await ended
    }
    expect([...seen].filter((finding) => finding.startsWith('band-out-of-range'))).to.deep.equal([])
    expect(
      [...seen].some((finding) => finding.endsWith(' bands')),
      [...seen].join(', '),
    ).to.equal(true)
  })
})

describe('the fingerprint', () => {
  it('is the same for the same image and another after any change', () => {
    const { file } = bundle({ mapped: true })
    const look = (): string =>
      lookAtStructure({ path: fromText(file), container: 'sparse-bundle' }, { inUse: false }).fingerprint
    const seen = new Set([look()])
    expect(look()).to.equal([...seen][0])
    writeFileSync(join(file, 'bands/1'), 'x')
    seen.add(look())
    renameSync(join(file, 'bands/1'), join(file, 'bands/2'))
    seen.add(look())
    writeFileSync(join(file, 'bands/2'), 'y')
    seen.add(look())
    mkdirSync(join(file, 'bands/odd'))
    seen.add(look())
    expect(seen.size).to.equal(5)
  })

  it('leaves the process in the folder it was in', () => {
    const before = process.cwd()
    bundle().look()
    expect(process.cwd()).to.equal(before)
  })
})
