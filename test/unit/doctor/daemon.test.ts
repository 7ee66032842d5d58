import { expect } from 'chai'
import { rememberEvery } from '../../../lib/daemon/following.js'
import { seal } from '../../../lib/daemon/seal.js'
import { daemonFindings, type DaemonFacts } from '../../../lib/doctor/daemon.js'

const now = new Date('2026-01-02T08:00:00Z')
const ago = (milliseconds: number): string => new Date(now.getTime() - milliseconds).toISOString()
const holder = { pid: 7, startTime: '1', bootId: 'b', host: 'h', since: ago(3_600_000), runId: 'r' }
const unit = { path: '/etc/systemd/system/a.service', sealed: seal('[Unit]\n') }
const facts: DaemonFacts = {
  now,
  units: [{ ...unit, standing: { text: unit.sealed, mode: 0o644 } }],
  installed: true,
  instance: { holder, alive: true },
  seen: { schema: 'seen/1', at: ago(1000), images: [], roots: [{ path: '/Users', stands: true }] },
  installCommand: 'lbackup-filevault daemon install --config c',
  startCommand: 'systemctl enable --now a.service',
}
const codes = (change: Partial<DaemonFacts>): string[] =>
  daemonFindings({ ...facts, ...change }).map(({ code, severity }) => `${severity} ${code}`)

describe('what the doctor says of the daemon', () => {
  it('is nothing where it runs as installed, or was never installed', () => {
    expect(codes({})).to.deep.equal([])
    const units = [{ ...unit, standing: undefined }]
    expect(codes({ units, installed: false, instance: undefined, seen: undefined })).to.deep.equal([])
  })

  it('is that it is installed and does not run, never started or gone', () => {
    expect(codes({ instance: undefined })).to.deep.equal(['warning daemon-down'])
    expect(codes({ instance: { holder, alive: false } })).to.deep.equal(['warning daemon-down'])
    expect(daemonFindings({ ...facts, instance: undefined })[0]?.cure).to.include(facts.startCommand)
  })

  it('is that it runs and has not looked for long', () => {
    const seen = { ...facts.seen, at: ago(3 * rememberEvery + 1000) } as NonNullable<DaemonFacts['seen']>
    expect(codes({ seen })).to.deep.equal(['warning daemon-stands-still'])
    expect(codes({ seen: undefined })).to.deep.equal(['warning daemon-stands-still'])
    expect(codes({ seen: { ...seen, at: ago(3 * rememberEvery - 1000) } })).to.deep.equal([])
  })

  it('is a folder that is lost to it', () => {
    const seen = { ...facts.seen, roots: [{ path: '/Users', stands: false }] } as NonNullable<DaemonFacts['seen']>
    expect(codes({ seen })).to.deep.equal(['warning root-lost'])
  })

  it('is a unit that install would write otherwise, or that was changed by hand', () => {
    const standing = (text: string): Pick<DaemonFacts, 'units'> => ({
      units: [{ ...unit, standing: { text, mode: 0o644 } }],
    })
    expect(codes(standing(seal('[Unit]\n# older\n')))).to.deep.equal(['warning daemon-drift'])
    expect(codes(standing(`${unit.sealed}Nice=0\n`))).to.deep.equal(['info daemon-changed'])
    expect(codes(standing('[Unit]\n'))).to.deep.equal([])
  })
})
