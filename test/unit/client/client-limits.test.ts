import { expect } from 'chai'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fakeMac } from '../../support/fake-mac.js'
import { until } from '../../support/fault/until.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { clientLab, eachShell, hex, nonce, parse, shells, type ClientLab } from './client-lab.js'

/** The processes that a call started and that still run, known by a variable they inherited. */
function running(lab: ClientLab): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`CALL_OF=${lab.folder}`)
    } catch {
      return false
    }
  })
}

const begin = (lab: ClientLab, verb: string, ...args: string[]): ReturnType<typeof spawn> =>
  spawn(shells[lab.shell][0], [...shells[lab.shell].slice(1), lab.program, '1', nonce, verb, ...args], {
    env: { CALL_OF: lab.folder },
  })

const whole = async (child: ReturnType<typeof spawn>, verb: string): Promise<ReturnType<typeof parse>> =>
  parse(await buffer(child.stdout as NonNullable<typeof child.stdout>), verb)

/** A find that tells members without end, and stops in the middle of one. */
function endlessFind(lab: ClientLab, last: string): string {
  const path = join(lab.folder, 'find')
  const script = `#!/bin/sh
case $* in
*maxdepth*)
  i=0
  while [ "$i" -lt 5000 ]; do printf 'm f 1 2.0 3.0 4 1 bands/abcdef\\0'; i=$((i + 1)); done
  printf 'm f 1 2.0 3.0 4 1 bands/abc'
  ${last}
  ;;
*) exec find "$@" ;;
esac
`
  writeFileSync(path, script, { mode: 0o755 })
  return path
}

describe('client: limits', () => {
  eachShell((shell) => {
    it('ends a call in time, with all that it started, and says so', async () => {
      const lab = clientLab(shell, 'bsd')
      const mac = fakeMac({ faults: { who: { hang: 'deaf' } } })
      lab.configure('max-seconds 1', `tool-who ${mac.tools.who}`, 'tool-hdiutil /nonexistent')
      const answer = await whole(begin(lab, 'look'), 'look')
      expect(answer.status).to.equal('too-much')
      expect(answer.problems.at(-1)).to.contain('1 seconds')
      expect(answer.after('root')).to.have.length(1)
      await until('the end of all that was started', () => running(lab).length === 0)
    })

    it('ends a call whose input is never closed', async () => {
      const lab = clientLab(shell, 'gnu', 'max-seconds 1')
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      const child = begin(lab, 'digests', hex(join(lab.root, 'a.sparsebundle')))
      expect((await whole(child, 'digests')).status).to.equal('too-much')
      child.stdin?.destroy()
      await until('the end of all that was started', () => running(lab).length === 0)
    })

    it('ends a watch in time', async () => {
      const lab = clientLab(shell, 'gnu', 'max-seconds 1')
      const child = begin(lab, 'watch', '99999')
      expect((await whole(child, 'watch')).status).to.equal('too-much')
      child.stdin?.destroy()
      await until('the end of all that was started', () => running(lab).length === 0)
    })

    it('tells no half a member of a call that was ended', async () => {
      const lab = clientLab(shell)
      lab.configure('max-seconds 1', `tool-find ${endlessFind(lab, 'exec sleep 1000')}`)
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      const answer = await whole(begin(lab, 'fingerprints', hex(join(lab.root, 'a.sparsebundle'))), 'fingerprints')
      expect(answer.status).to.equal('too-much')
      expect(new Set(answer.after('m'))).to.deep.equal(new Set(['f 1 2.0 3.0 4 1 bands/abcdef']))
      await until('the end of all that was started', () => running(lab).length === 0)
    })

    it('takes no answer for whole where find died', () => {
      const lab = clientLab(shell)
      lab.configure(`tool-find ${endlessFind(lab, 'kill -SEGV $$')}`)
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      const answer = lab.call('fingerprints', [hex(join(lab.root, 'a.sparsebundle'))])
      expect(answer.status).to.equal('partly')
      expect(answer.problems).to.include('find did not come to its end')
      expect(new Set(answer.after('m'))).to.deep.equal(new Set(['f 1 2.0 3.0 4 1 bands/abcdef']))
    })

    it('takes no walk for whole where find died', () => {
      const lab = clientLab(shell)
      const path = join(lab.folder, 'find')
      writeFileSync(path, '#!/bin/sh\ncase $* in *-iname*) kill -SEGV $$ ;; esac\nexec find "$@"\n', { mode: 0o755 })
      expect(lab.call('look').status).to.equal('ok')
      lab.configure(`tool-find ${path}`)
      expect(lab.call('look').status).to.equal('partly')
    })

    it('tells no more lines than the limit', () => {
      const lab = clientLab(shell, 'gnu', 'max-entries 4')
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      const answer = lab.call('fingerprints', [hex(join(lab.root, 'a.sparsebundle'))])
      expect([answer.status, answer.after('m').length]).to.deep.equal(['too-much', 2])
      const members = Buffer.from('token\n'.repeat(5))
      expect(lab.call('digests', [hex(join(lab.root, 'a.sparsebundle'))], { input: members }).status).to.equal(
        'too-much',
      )
    })

    it('ends all that it started when it is asked to end', async () => {
      const lab = clientLab(shell, 'bsd')
      const mac = fakeMac({ faults: { who: { hang: 'deaf' } } })
      lab.configure(`tool-who ${mac.tools.who}`, 'tool-hdiutil /nonexistent')
      const child = begin(lab, 'look')
      child.stdout?.resume()
      await until('a program that hangs', () => mac.calls().some(({ name }) => name === 'who'))
      child.kill('SIGTERM')
      await once(child, 'exit')
      await until('the end of all that was started', () => running(lab).length === 0)
    })

    it('leaves nothing running after a call that went well', async () => {
      const lab = clientLab(shell)
      writeSparseBundle(join(lab.root, 'a.sparsebundle'))
      expect((await whole(begin(lab, 'look'), 'look')).status).to.equal('ok')
      await until('the end of all that was started', () => running(lab).length === 0)
    })
  })
})
