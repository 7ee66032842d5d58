import { expect } from 'chai'
import { clientFindings } from '../../../lib/doctor/look-client.js'
import { toHex } from '../../../lib/client/words.js'
import { fromText } from '../../../lib/text/raw-path.js'

const now = new Date('2026-01-20T03:00:00Z')
const good: Readonly<Record<string, string>> = {
  platform: 'macos',
  system: 'Darwin 9.8.0',
  clock: String(now.getTime() / 1000 + 2),
  root: `${toHex(fromText('/Users'))} ok`,
  sha256: '/usr/bin/openssl',
  gate: 'yes',
  wrapper: 'none',
}

function codes(changes: Record<string, string>, problems: string[] = [], source = '/Users'): string[] {
  const lines = Object.entries({ ...good, ...changes }).map(([name, value]) => `${name} ${value}`)
  const answer = { status: 'ok' as const, lines, problems }
  return clientFindings(answer, fromText(source), 'root@mac', now).map(({ code, severity }) => `${severity} ${code}`)
}

describe('what the doctor says of a client', () => {
  it('is nothing where all is well, also for a source below a root', () => {
    expect(codes({})).to.deep.equal([])
    expect(codes({}, [], '/Users/bob')).to.deep.equal([])
  })

  it('names a clock that is far away, whichever way', () => {
    expect(codes({ clock: String(now.getTime() / 1000 - 3600) })).to.deep.equal(['warning client-clock'])
    expect(codes({ clock: String(now.getTime() / 1000 + 61) })).to.deep.equal(['warning client-clock'])
  })

  it('is an error where the source is under no root, or that is not there', () => {
    expect(codes({}, [], '/Users2')).to.deep.equal(['error client-root-missing'])
    expect(codes({ root: `${toHex(fromText('/Users'))} link` })).to.deep.equal(['error client-root-missing'])
  })

  it('names what the client lacks, a key that may run anything, and what the old wrapper breaks', () => {
    expect(codes({ sha256: 'none' })).to.deep.equal(['warning client-digests-missing'])
    expect(codes({ gate: 'no' })).to.deep.equal(['warning client-gate-missing'])
    expect(codes({ wrapper: '/x/lbackup-wrapper.sh' })).to.deep.equal(['info client-wrapper'])
    expect(codes({}, ['/Users/bob may not be listed'])).to.deep.equal(['warning client-problem'])
  })
})
