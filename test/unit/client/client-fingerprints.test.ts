import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { Buffer } from 'node:buffer'
import { chmodSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skip } from '../../support/skip.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { clientLab, eachShellAndDialect, hex, type ClientLab, type Dialect } from './client-lab.js'

const letters = (path: Buffer): string => {
  const facts = lstatSync(path)
  if (facts.isSymbolicLink()) return 'l'
  if (facts.isDirectory()) return 'd'
  if (facts.isFIFO()) return 'p'
  if (facts.isCharacterDevice()) return 'c'
  return 'f'
}

/** What the answer should hold, out of Node's own look: `TYPE SIZE SECONDS SECONDS INODE LINKS NAME`. */
function expected(bundle: string): string[] {
  const names = ['', ...readdirSync(bundle, { encoding: 'latin1' })]
  for (const folder of ['bands', 'mapped'].filter((name) => names.includes(name))) {
    names.push(...readdirSync(join(bundle, folder), { encoding: 'latin1' }).map((name) => `${folder}/${name}`))
  }
  return names.map((name) => {
    const path = Buffer.concat([Buffer.from(`${bundle}/`), Buffer.from(name, 'latin1')])
    const plain = name === '' ? Buffer.from(bundle) : path
    const { size, mtimeNs, ctimeNs, ino, nlink } = lstatSync(plain, { bigint: true })
    const seconds = (time: bigint): string => String(time / 1_000_000_000n)
    const fields = [letters(plain), size, seconds(mtimeNs), seconds(ctimeNs), ino, nlink]
    return `${fields.map(String).join(' ')} ${name.replaceAll('\n', '\u0001')}`
  })
}

const told = (lab: ClientLab, ...paths: string[]): string[] =>
  lab
    .call('fingerprints', paths.map(hex))
    .after('m')
    .map((line) => line.replace(/^(\S+ \S+ \d+)(?:\.\d+)? (\d+)(?:\.\d+)? /, '$1 $2 '))

const write = (folder: string, name: string): void =>
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), 'x')

describe('client: fingerprints', () => {
  eachShellAndDialect((shell, dialect: Dialect) => {
    it('tells every member, whatever its name', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, '-a b.sparsebundle')
      writeSparseBundle(bundle, {
        bands: [
          { index: 0, length: 4096 },
          { index: 31, length: 100 },
        ],
        mapped: true,
      })
      for (const name of [
        '-print',
        ' .',
        'x ',
        ' y',
        '*',
        '$(id)',
        'q\'u"o',
        'back\\n',
        '\u00e4\u0081\u0088',
        'm f 1',
      ]) {
        write(join(bundle, 'bands'), name)
      }
      expect(told(lab, bundle)).to.have.members(expected(bundle))
    })

    it('keeps the fraction of a second', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      const { mtimeNs } = lstatSync(join(bundle, 'token'), { bigint: true })
      const line = lab
        .call('fingerprints', [hex(bundle)])
        .after('m')
        .find((each) => each.endsWith(' token'))
      // busybox and its like know whole seconds only.
      const wanted =
        dialect === 'plain'
          ? String(mtimeNs / 1_000_000_000n)
          : `${String(mtimeNs).slice(0, -9)}.${String(mtimeNs).slice(-9)}`
      expect(line?.split(' ')[2]?.replace(/(\.\d{9})0$/, '$1')).to.equal(wanted)
    })

    it('never tells a wrong row for a name with a line feed', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      const rows = expected(bundle)
      write(join(bundle, 'bands'), '1\nm f 0 0 0 1 1 bands\u00012')
      mkdirSync(join(bundle, 'new\nline'))
      writeFileSync(join(bundle, 'new\nline', 'below'), '')
      const answer = lab.call('fingerprints', [hex(bundle)])
      const names = answer.after('m').map((line) => line.split(' ').slice(6).join(' '))
      const plain = ['', 'Info.bckup', 'Info.plist', 'bands', 'token']
      if (dialect === 'gnu') {
        const odd = ['bands/1\u0001m f 0 0 0 1 1 bands\u00012', 'new\u0001line', 'new\u0001line/below']
        expect(names).to.have.members([...plain, ...odd])
        expect(answer.status).to.equal('ok')
      } else {
        expect(names).to.have.members(plain)
        expect(answer.status).to.equal('partly')
        expect(answer.problems).to.have.length(1)
      }
      expect(rows).to.have.length(plain.length)
    })

    it('opens nothing, follows nothing and goes two levels deep', () => {
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      spawnSync('mkfifo', [join(bundle, 'bands', '0')])
      symlinkSync('/etc', join(bundle, 'bands', '1'))
      symlinkSync('/etc', join(bundle, 'mapped'))
      mkdirSync(join(bundle, 'bands', '2', 'deep'), { recursive: true })
      const rows = told(lab, bundle)
      expect(rows.map((row) => `${row.slice(0, 1)} ${row.split(' ')[6] as string}`)).to.have.members([
        ...['d ', 'f Info.plist', 'f Info.bckup', 'f token', 'd bands', 'p bands/0', 'l bands/1', 'd bands/2'],
        'l mapped',
      ])
    })

    it('tells a sparse image by its own name', () => {
      const lab = clientLab(shell, dialect)
      const image = join(lab.root, 'a b.sparseimage')
      writeFileSync(image, 'sprs')
      expect(told(lab, image).map((row) => row.replace(/^f 4 \d+ \d+ \d+ 1 /, ''))).to.deep.equal(['a b.sparseimage'])
    })

    it('tells several images, and of one that is not there that it is not', () => {
      const lab = clientLab(shell, dialect)
      const [one, two, gone] = ['one', 'two', 'gone'].map((name) => join(lab.root, `${name}.sparsebundle`)) as [
        string,
        string,
        string,
      ]
      writeSparseBundle(one)
      writeSparseBundle(two)
      const answer = lab.call('fingerprints', [one, gone, two].map(hex))
      expect(answer.status).to.equal('partly')
      expect(answer.after('image')).to.deep.equal([one, gone, two].map(hex))
      expect(answer.lines.filter((line) => line.startsWith('m d ') && line.endsWith(' '))).to.have.length(2)
      expect(lab.call('fingerprints', [hex(gone)]).status).to.equal('missing')
    })

    it('does not take a link for an image', () => {
      const lab = clientLab(shell, dialect)
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      symlinkSync('a.sparsebundle', join(lab.root, 'b.sparsebundle'))
      const answer = lab.call('fingerprints', [hex(join(lab.root, 'b.sparsebundle'))])
      expect([answer.status, answer.after('m')]).to.deep.equal(['missing', []])
    })

    it('tells what it could not look into', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell, dialect)
      const bundle = join(lab.root, 'a.sparsebundle')
      writeSparseBundle(bundle)
      chmodSync(join(bundle, 'bands'), 0o700)
      const answer = lab.call('fingerprints', [hex(bundle)], { uid: 65534 })
      expect(answer.status).to.equal('partly')
      expect(answer.problems.join('\n')).to.contain('bands').and.to.contain('Permission denied')
      expect(answer.after('m')).to.have.length(5)
    })
  })
})
