import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skip } from '../../support/skip.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { clientLab, eachShell, eachShellAndDialect, hex, type ClientLab } from './client-lab.js'

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
const none = ['tool-sha256sum /nonexistent', 'tool-openssl /nonexistent', 'tool-shasum /nonexistent']

function bundleIn(lab: ClientLab): string {
  const bundle = join(lab.root, 'a b.sparsebundle')
  writeSparseBundle(bundle, { bands: [0, 1, 10].map((index) => ({ index, length: 5000 + index })) })
  return bundle
}

describe('client: digests', () => {
  eachShellAndDialect((shell, dialect) => {
    it('answers in the order asked, and says why not', () => {
      const lab = clientLab(shell, dialect)
      const bundle = bundleIn(lab)
      symlinkSync('/etc/passwd', join(bundle, 'bands', '2'))
      spawnSync('mkfifo', [join(bundle, 'bands', '3')])
      symlinkSync('/etc', join(bundle, 'mapped'))
      const names = ['bands/a', 'bands/2', 'bands/0', 'bands/3', 'bands', 'gone', 'token', 'mapped/passwd', 'bands/0']
      const answer = lab.call('digests', [hex(bundle)], { input: `${names.join('\n')}\n` })
      const of = (name: string): string => `h ${sha256(readFileSync(join(bundle, name)))} ${name}`
      expect(answer.status).to.equal('ok')
      expect(answer.lines).to.deep.equal([
        ...[of('bands/a'), 'e link bands/2', of('bands/0'), 'e special bands/3', 'e special bands', 'e missing gone'],
        ...[of('token'), 'e missing mapped/passwd', of('bands/0')],
      ])
    })

    it('takes names of any bytes', () => {
      const lab = clientLab(shell, dialect)
      const bundle = bundleIn(lab)
      const forged = `x\n${'0'.repeat(64)}  ./bands/0`
      const odd = ['-z', ' a ', '*', 'back\\slash', 'c\rr', 'q"\'', 'e\u00e4\u0081', ')= 0', 'two  blanks', forged]
      for (const name of odd) {
        const path = Buffer.concat([Buffer.from(`${bundle}/`), Buffer.from(name.replaceAll('/', ':'), 'latin1')])
        writeFileSync(path, `content of ${name}`)
      }
      const names = odd.map((name) => name.replaceAll('/', ':'))
      const wanted = ['bands/0', ...names.map((name) => name.replaceAll('\n', '\u0001'))]
      const input = Buffer.from(`${wanted.join('\n')}\n`, 'latin1')
      const { lines } = lab.call('digests', [hex(bundle)], { input })
      expect(lines).to.deep.equal([
        `h ${sha256(readFileSync(join(bundle, 'bands/0')))} bands/0`,
        ...odd.map((name, at) => `h ${sha256(`content of ${name}`)} ${wanted[at + 1] as string}`),
      ])
    })

    it('answers nothing to nothing, and takes a last line without an end', () => {
      const lab = clientLab(shell, dialect)
      const bundle = bundleIn(lab)
      expect(lab.call('digests', [hex(bundle)]).lines).to.deep.equal([])
      expect(lab.call('digests', [hex(bundle)], { input: 'token' }).lines).to.deep.equal([`h ${sha256('')} token`])
      expect(lab.call('digests', [hex(bundle)], { input: 'gone\n' }).lines).to.deep.equal(['e missing gone'])
    })

    it('makes that of a sparse image', () => {
      const lab = clientLab(shell, dialect)
      const image = join(lab.root, 'a.sparseimage')
      writeFileSync(image, 'sprs')
      const { lines } = lab.call('digests', [hex(image)], { input: 'a.sparseimage\n' })
      expect(lines).to.deep.equal([`h ${sha256('sprs')} a.sparseimage`])
    })

    it('refuses names that lead out of the image', () => {
      const lab = clientLab(shell, dialect)
      const bundle = bundleIn(lab)
      writeFileSync(join(lab.root, 'secret'), '')
      for (const name of [
        '/etc/passwd',
        '../secret',
        'bands/../../secret',
        '..',
        '.',
        './token',
        'bands//0',
        'bands/',
        '',
      ]) {
        const answer = lab.call('digests', [hex(bundle)], { input: `token\n${name}\ntoken\n` })
        expect([answer.status, answer.lines.length], name).to.deep.equal(['refused', 1])
      }
      expect(lab.call('digests', [hex(bundle)], { input: '/etc/passwd\n' }).status).to.equal('refused')
    })

    it('tells what it may not read', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell, dialect)
      const bundle = bundleIn(lab)
      chmodSync(join(bundle, 'bands/1'), 0o600)
      const answer = lab.call('digests', [hex(bundle)], { input: 'bands/0\nbands/1\nbands/a\n', uid: 65534 })
      expect(answer.lines.map((line) => line.replace(/[0-9a-f]{64}/, '…'))).to.deep.equal([
        ...['h … bands/0', 'e unreadable bands/1', 'h … bands/a'],
      ])
    })
  })

  eachShell((shell) => {
    for (const [tool, path] of [
      ['openssl', '/usr/bin/openssl'],
      ['shasum', '/usr/bin/shasum'],
      ['sha256sum', '/usr/bin/sha256sum'],
    ] as const) {
      it(`makes them with ${tool}`, function () {
        if (spawnSync(path, ['--help']).error !== undefined) skip(this, `${tool} is not installed`)
        const lab = clientLab(shell, 'gnu', ...none, `tool-${tool} ${path}`)
        const bundle = bundleIn(lab)
        const odd = ['a b', 'x)= y', ')', '(', 'back\\slash', 'e\u00e4']
        for (const name of odd) writeFileSync(Buffer.from(`${bundle}/${name}`, 'latin1'), name)
        const input = Buffer.from(`bands/0\n${odd.join('\n')}\ntoken\n`, 'latin1')
        const answer = lab.call('digests', [hex(bundle)], { input })
        expect(answer.lines).to.deep.equal([
          `h ${sha256(readFileSync(join(bundle, 'bands/0')))} bands/0`,
          ...odd.map((name) => `h ${sha256(name)} ${name}`),
          `h ${sha256('')} token`,
        ])
        expect(lab.call('version').after('sha256')).to.deep.equal([path])
      })
    }

    it('says so where no program makes sha256', () => {
      const lab = clientLab(shell, 'gnu', ...none)
      const answer = lab.call('digests', [hex(bundleIn(lab))], { input: 'token\n' })
      expect([answer.status, answer.lines.length]).to.deep.equal(['no-tool', 1])
      expect(lab.call('version').after('sha256')).to.deep.equal(['none'])
    })

    it('does not believe a program that cannot', () => {
      const lab = clientLab(shell, 'gnu', ...none, 'tool-openssl /bin/true')
      expect(lab.call('digests', [hex(bundleIn(lab))]).status).to.equal('no-tool')
    })

    it('makes many', () => {
      const lab = clientLab(shell)
      const bundle = join(lab.root, 'a.sparsebundle')
      mkdirSync(join(bundle, 'bands'), { recursive: true })
      const names = Array.from({ length: 20_000 }, (_, index) => `bands/${index.toString(16)}`).reverse()
      for (const name of names) writeFileSync(join(bundle, name), name)
      const { lines } = lab.call('digests', [hex(bundle)], { input: `${names.join('\n')}\n` })
      expect(lines).to.deep.equal(names.map((name) => `h ${sha256(name)} ${name}`))
    })
  })
})
