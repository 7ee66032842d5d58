import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skip } from '../../support/skip.js'
import { clientLab, eachShellAndDialect, hex, type ClientLab } from './client-lab.js'

describe('client: paths', () => {
  eachShellAndDialect((shell, dialect) => {
    const exists = (lab: ClientLab, path: string): string => {
      const answer = lab.call('exists', [hex(path)])
      return `${answer.status} ${answer.after('kind').join()}`
    }

    it('tells what lies at a path', () => {
      const lab = clientLab(shell, dialect)
      const at = (name: string): string => join(lab.root, name)
      mkdirSync(at('folder'))
      writeFileSync(at('file'), '')
      symlinkSync('/etc', at('link'))
      spawnSync('mkfifo', [at('fifo')])
      expect(exists(lab, at('folder'))).to.equal('ok folder')
      expect(exists(lab, at('file'))).to.equal('ok file')
      expect(exists(lab, at('link'))).to.equal('ok link')
      expect(exists(lab, at('fifo'))).to.equal('ok other')
      expect(exists(lab, at('gone'))).to.equal('missing missing')
      expect(exists(lab, at('gone/below'))).to.equal('missing missing')
      expect(exists(lab, at('file/below'))).to.equal('missing missing')
      expect(exists(lab, lab.root)).to.equal('ok folder')
    })

    it('tells device, inode and time', () => {
      const lab = clientLab(shell, dialect)
      const { dev, ino, mtimeNs } = lstatSync(lab.root, { bigint: true })
      const answer = lab.call('exists', [hex(lab.root)])
      expect([answer.after('device')[0], answer.after('inode')[0]]).to.deep.equal([String(dev), String(ino)])
      expect(answer.after('modified')[0]?.split('.')[0]).to.equal(String(mtimeNs / 1_000_000_000n))
    })

    it('takes names of any bytes', () => {
      const lab = clientLab(shell, dialect)
      for (const name of ['a b', ' ', '-delete', '*', '$(id)', 'a\nb', 'a\n', '%s', '\\0101', "'", 'b\u0081\u0088']) {
        const path = Buffer.concat([Buffer.from(`${lab.root}/`), Buffer.from(name, 'latin1')])
        mkdirSync(path)
        const answer = lab.call('exists', [hex(path)])
        expect([answer.status, answer.lines[0]], name).to.deep.equal(['ok', 'kind folder'])
      }
    })

    it('refuses what lies outside of the roots, as it is written or really', () => {
      const lab = clientLab(shell, dialect)
      mkdirSync(join(lab.folder, 'outside'))
      mkdirSync(join(lab.folder, 'rootless'))
      writeFileSync(join(lab.folder, 'outside', 'file'), '')
      symlinkSync(join(lab.folder, 'outside'), join(lab.root, 'link'))
      const { folder, root } = lab
      for (const path of [
        ...['/', '/etc/passwd', folder, `${folder}/outside`, `${folder}/rootless`, `${root}x`],
        ...[`${root}/../outside`, `${root}/..`, `${root}/.`, `${root}/./link`, `${root}//link`, `${root}/`, `/${root}`],
        ...[`${root}/link/file`, `${root}/link/gone`],
      ]) {
        for (const verb of ['exists', 'fingerprints', 'look']) {
          const answer = lab.call(verb, [hex(path)])
          expect(answer.status, `${verb} ${path}`).to.equal('refused')
          expect(answer.problems).to.have.length(1)
        }
        expect(lab.call('digests', [hex(path)], { input: 'file\n' }).status, path).to.equal('refused')
      }
    })

    it('works below a root that is reached through a link, and below /', () => {
      const lab = clientLab(shell, dialect)
      symlinkSync(lab.folder, join(lab.folder, 'way'))
      lab.configure(`root ${lab.folder}/way/root`)
      writeFileSync(join(lab.root, 'file'), '')
      expect(exists(lab, `${lab.folder}/way/root/file`)).to.equal('ok file')
      lab.configure('root /')
      expect(exists(lab, `${lab.root}/file`)).to.equal('ok file')
      expect(exists(lab, '/')).to.equal('ok folder')
      expect(exists(lab, '/etc/passwd')).to.equal('ok file')
    })

    it('tells what it may not reach from what is missing', function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can be somebody else')
      const lab = clientLab(shell, dialect)
      mkdirSync(join(lab.root, 'closed/below'), { recursive: true })
      chmodSync(join(lab.root, 'closed'), 0o700)
      for (const path of ['closed/below', 'closed/below/gone', 'closed/gone']) {
        const answer = lab.call('exists', [hex(join(lab.root, path))], { uid: 65534 })
        expect([answer.status, answer.lines.length], path).to.deep.equal(['unreadable', 1])
      }
    })
  })
})
