import { statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RunRecord } from '../../../lib/generated/run.js'
import type { Status } from '../../../lib/generated/status.js'
import { fitted, tooMany } from '../../../lib/run/fitted.js'
import { isDamaged, readRecord, readStatus, writeStatus } from '../../../lib/run/record.js'
import { readWaiting } from '../../../lib/run/waiting-record.js'
import type { System } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

const mostBytes = 64 * 1024 * 1024
// What a path of 3,900 control bytes takes, twice escaped.
const long = '\\x01'.repeat(3900)

const at = '2026-01-01T04:00:00.000Z'

function status(slots: readonly Partial<Status['slots'][number]>[]): Status {
  const known = { lastVerdict: 'proven', lastAt: at, firstSeenAt: at, reason: 'r' } as const
  return {
    ...{ schema: 'status/1', configuration: '/c', stateFolder: '/s', storeId: null },
    lastRun: { id: 'r', startedAt: at, finishedAt: at, severity: 'fine', summary: '', post: true },
    slots: slots.map((slot) => ({ ...known, ...slot })) as Status['slots'],
    hookEnvironment: { node: '/n', readableRoots: [], unreadable: [], at },
  }
}

describe('a document in the state folder', () => {
  it('that is larger than is read counts as damaged, and ends no run', async () => {
    const folder = temporaryFolder()
    for (const name of ['run.json', 'status.json', 'waiting.json']) {
      writeFileSync(join(folder, name), '')
      truncateSync(join(folder, name), mostBytes + 1)
    }
    expect(readRecord(fromText(folder))).to.deep.equal({ damaged: 'it has more than 64.0 MiB' })
    expect(readStatus(fromText(folder))).to.deep.equal({ damaged: 'it has more than 64.0 MiB' })
    const system = {} as System
    expect(await readWaiting(system, fromText(folder))).to.equal(undefined)
    expect(() => readRecord(fromText(join(folder, 'run.json')))).to.throw(/is not a folder/)
  })

  it('is never written larger than it is read, and leaves out of who has most of the images', () => {
    const folder = temporaryFolder()
    const flood = Array.from({ length: 4200 }, (_, index) => ({
      slot: `mallory-${String(index)}`,
      user: 'mallory',
      path: `/Users/mallory/${long}`,
    }))
    const honest = ['alice', 'bob'].map((user) => ({ slot: user, user, path: `/Users/${user}/${user}.sparsebundle` }))
    const { document, leftOut } = fitted(status([...flood, ...honest]), 'slots')
    expect(leftOut).to.be.within(500, 1500)
    writeStatus(fromText(folder), document)
    expect(statSync(join(folder, 'status.json')).size).to.be.within(mostBytes * 0.9, mostBytes)
    const read = readStatus(fromText(folder))
    if (read === undefined || isDamaged(read)) throw new Error(JSON.stringify(read))
    expect(read.slots).to.have.length(flood.length + honest.length - leftOut)
    expect(read.slots.map(({ slot }) => slot)).to.include.members(['alice', 'bob'])
    expect(tooMany(leftOut, 'status.json').map(({ code, severity }) => [code, severity])).to.deep.equal([
      ['images-too-many', 'warning'],
    ])
  }).timeout(30_000)

  it('is left as it is where it is not too large', () => {
    const record = { images: [{ user: 'bob' }, { user: 'bob' }] } as unknown as RunRecord
    expect(fitted(record, 'images')).to.deep.equal({ document: record, leftOut: 0 })
    expect(tooMany(0, 'run.json')).to.deep.equal([])
  })
})
