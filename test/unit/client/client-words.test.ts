import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { clientLab, eachShell, hex, nonce, parse, shells } from './client-lab.js'

describe('client: the words of a call', () => {
  eachShell((shell) => {
    const raw = (lab: ReturnType<typeof clientLab>, ...words: string[]): string =>
      spawnSync(shells[shell][0], [...shells[shell].slice(1), lab.program, ...words], { env: {} }).stdout.toString()

    it('version: what the client is', () => {
      const lab = clientLab(shell)
      const answer = lab.call('version')
      expect(answer.status).to.equal('ok')
      expect(answer.lines.map((line) => line.split(' ')[0])).to.deep.equal(
        'platform system clock root sha256 gate wrapper'.split(' '),
      )
      expect(answer.after('root')).to.deep.equal([`${hex(lab.root)} ok`])
      expect(answer.after('gate')).to.deep.equal(['no'])
      expect(Number(answer.after('clock')[0])).to.be.closeTo(Date.now() / 1000, 60)
    })

    it('tells the gate and the wrapper', () => {
      const lab = clientLab(shell, 'gnu', 'wrapper /opt/a wrapper.sh')
      const answer = lab.call('version', [], { env: { LBACKUP_FILEVAULT_GATE: 'yes' } })
      expect(answer.after('gate')).to.deep.equal(['yes'])
      expect(answer.after('wrapper')).to.deep.equal(['/opt/a wrapper.sh'])
    })

    it('tells roots that are missing or links', () => {
      const lab = clientLab(shell)
      symlinkSync(lab.root, join(lab.folder, 'link'))
      lab.configure(`root ${lab.folder}/gone`, `root ${lab.folder}/link`)
      const states = lab.call('version').after('root')
      expect(states.map((line) => line.split(' ')[1])).to.deep.equal(['ok', 'missing', 'link'])
    })

    it('gives back the nonce of the call', () => {
      const lab = clientLab(shell)
      const other = 'f'.repeat(64)
      expect(parse(Buffer.from(raw(lab, '1', other, 'version')), 'version', other).status).to.equal('ok')
    })

    const path = hex('/tmp')
    const bad: readonly (readonly [string, ...string[]])[] = [
      ['no words'],
      ['another version', '2', nonce, 'version'],
      ['a short nonce', '1', '0123456789abcde', 'version'],
      ['a long nonce', '1', 'a'.repeat(65), 'version'],
      ['a nonce in capitals', '1', '0123456789ABCDEF', 'version'],
      ['a nonce that is an option', '1', '-n-aaaaaaaaaaaaaaaaa', 'version'],
      ['no such verb', '1', nonce, 'erase'],
      ['a verb with a blank', '1', nonce, 'look look'],
      ['a word too many', '1', nonce, 'version', path],
      ['a word too few', '1', nonce, 'exists'],
      ['no image', '1', nonce, 'fingerprints'],
      ['a path as text', '1', nonce, 'exists', '/tmp'],
      ['an odd number of digits', '1', nonce, 'exists', `${path}2`],
      ['capitals', '1', nonce, 'exists', '2F746D70'],
      ['a relative path', '1', nonce, 'exists', hex('tmp')],
      ['an empty path', '1', nonce, 'exists', ''],
      ['a glob', '1', nonce, 'exists', '2f*'],
      ['two lines', '1', nonce, 'exists', `${path}\n${path}`],
      ['a path of more than 4096 bytes', '1', nonce, 'exists', `2f${'61'.repeat(4096)}`],
      ['no seconds', '1', nonce, 'watch', '0'],
      ['seconds that are none', '1', nonce, 'watch', '1a'],
      ['too many seconds', '1', nonce, 'watch', '100000'],
      ['a substitution', '1', nonce, 'watch', '$(id)'],
    ]
    for (const [what, ...words] of bad) {
      it(`refuses ${what}`, () => {
        const lines = raw(clientLab(shell), ...words).split('\n')
        expect(lines).to.have.length(4)
        expect(lines[0]).to.match(/^lbackup-filevault 1 \S+ \S+$/)
        expect(lines[1]).to.match(/^problem [A-Za-z]/)
        expect(lines[2]).to.match(/^end \S+ refused 1$/)
      })
    }

    it('refuses a path with a byte 0 in it', () => {
      expect(clientLab(shell).call('exists', ['2f740070']).status).to.equal('refused')
    })

    it('works with its input closed, from a folder that is gone', () => {
      const lab = clientLab(shell)
      mkdirSync(join(lab.folder, 'gone'))
      const closed = ['-c', 'cd "$1" && rmdir "$1" && shift && exec "$@" <&- 2>&-', 'sh', join(lab.folder, 'gone')]
      const words = [...closed, ...shells[shell], lab.program, '1', nonce]
      const call = (...rest: string[]): string =>
        parse(spawnSync('/bin/sh', [...words, ...rest], { env: {} }).stdout, rest[0] as string).status
      expect(call('version')).to.equal('ok')
      mkdirSync(join(lab.folder, 'gone'))
      expect(call('digests', hex(lab.root))).to.equal('ok')
    })
  })
})
