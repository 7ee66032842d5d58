import { expect } from 'chai'
import type { DiscoveryReport } from '../../../lib/generated/discovery.js'
import type { DoctorReport } from '../../../lib/generated/doctor.js'
import type { Inspection } from '../../../lib/generated/inspection.js'
import type { HistoryImage, HistoryLine } from '../../../lib/generated/history.js'
import type { Report } from '../../../lib/generated/report.js'
import type { RunRecord } from '../../../lib/generated/run.js'
import type { Status } from '../../../lib/generated/status.js'
import type { StatusReport } from '../../../lib/generated/status-report.js'
import type { TonightReport } from '../../../lib/generated/tonight.js'
import type { Verification } from '../../../lib/generated/verification.js'
import type { WaitingRecord } from '../../../lib/generated/waiting.js'
import { isDocument } from '../cli/document.js'
import {
  validateHistory,
  validateReport,
  validateRun,
  validateStatus,
  validateWaiting,
  type Validator,
} from '../../../lib/generated/validators.js'

const time = '2025-11-02T03:00:12.345Z'

const run: RunRecord = {
  schema: 'run/1',
  id: '20251102T030012Z-4f1c',
  state: 'backing-up',
  startedAt: time,
  bootId: 'boot',
  lbackup: { pid: 1, startTime: '99' },
  host: 'h',
  platform: 'linux',
  backupSource: '/Users',
  source: '/Users',
  sourceTrailingSlash: false,
  backupDest: '/Volumes/Backup',
  useSSH: false,
  numRotations: 0,
  sectionZero: null,
  storeId: null,
  excludesFile: null,
  excludesBlock: true,
  images: [
    {
      slot: 'bob-sparsebundle-1f2e',
      path: '/Users/bob/\\xff.sparsebundle',
      copyPath: null,
      container: 'sparse-bundle',
      encryption: 'v2',
      recognised: true,
      identity: 'uuid:1',
      ownerUid: 501,
      user: 'bob',
      usage: { state: 'detached', evidence: ['e'], usedBy: [], mountPoints: [] },
      decision: { action: 'copy', code: 'at-rest', reason: 'r' },
      waitedSeconds: 0.5,
      waitedFor: ['bob'],
      fingerprint: null,
      bytes: 1,
      members: 1,
      findings: [],
    },
  ],
  homes: [
    {
      user: 'bob',
      home: '/Users/bob',
      hiddenHome: '/Users/.bob',
      imageName: 'bob.sparsebundle',
      contentsWanted: false,
    },
  ],
  findings: [{ code: 'plist-unreadable', severity: 'error', message: 'm' }],
  mountPoints: ['/Users/bob/Mounted'],
  everyFile: false,
}

const report: Report = {
  schema: 'report/1',
  run: run.id,
  phase: 'post',
  startedAt: time,
  finishedAt: time,
  severity: 'warning',
  exitCode: 1,
  summary: 's',
  images: [
    {
      slot: 's',
      path: '/Users/bob/bob.sparsebundle',
      user: 'bob',
      verdict: 'not-judged-yet',
      loudness: 'fine',
      reason: 'r',
      usedBy: ['bob'],
      findings: [],
      bytes: 0,
      members: 0,
      waitedSeconds: 0,
      waitedFor: ['bob'],
      pausedSeconds: 1,
    },
  ],
  findings: [],
  counts: {
    images: 1,
    judged: 0,
    proven: 0,
    complete: 0,
    suspect: 0,
    bad: 0,
    notBackedUp: 0,
    entries: 1,
    members: 0,
    bytes: 0,
    bytesRead: 0,
    seconds: 0.1,
    waitedSeconds: 0,
    pausedSeconds: 0,
  },
  cures: [],
}

const summary = {
  id: run.id,
  startedAt: time,
  finishedAt: time,
  severity: 'fine',
  summary: 's',
  post: true,
  waitedSeconds: 600,
  pausedSeconds: 180,
} as const
const status: Status = {
  schema: 'status/1',
  configuration: '/etc/b/b.conf',
  stateFolder: '/var/lib/x',
  storeId: 'abc',
  lastRun: summary,
  lastPost: summary,
  slots: [{ slot: 's', path: '/p', user: 'bob', lastVerdict: 'bad', lastAt: time, lastCompleteAt: time, reason: 'r' }],
  hookEnvironment: { node: '/usr/bin/node', readableRoots: ['/Users'], unreadable: [], at: time },
}

const finding = { code: 'x', severity: 'error', message: 'm', cure: 'c' } as const
const usage = { state: 'detached', evidence: ['e'], usedBy: [], mountPoints: [] } as const

const doctor: DoctorReport = {
  schema: 'doctor/1',
  configuration: '/b/b.conf',
  at: time,
  severity: 'error',
  findings: [finding],
}

const tonight: TonightReport = {
  schema: 'tonight/1',
  configuration: '/b/b.conf',
  source: '/Users',
  at: time,
  useSSH: false,
  halt: true,
  severity: 'error',
  images: [
    {
      slot: 's',
      path: '/p',
      user: 'bob',
      container: 'sparse-image',
      encryption: 'v1',
      bytes: 1,
      members: 1,
      usage,
      copyPath: null,
      decision: null,
      waitMinutes: 0.5,
      paste: '{}',
      findings: [finding],
    },
  ],
  findings: [finding],
  rules: ['- /x'],
  entries: 1,
}

const last: HistoryImage = {
  slot: 's',
  verdict: 'not-backed-up',
  action: 'leave-out',
  expected: true,
  backedUp: false,
  waitedSeconds: 600,
  pausedSeconds: 0,
  reason: 'r',
  usedBy: ['bob'],
}
const history: HistoryLine = {
  schema: 'history/1',
  run: run.id,
  phase: 'late',
  startedAt: time,
  finishedAt: time,
  waitedSeconds: 600,
  pausedSeconds: 0,
  images: [last],
}
const waitingRecord: WaitingRecord = {
  schema: 'waiting/1',
  run: '20251102T030012Z-4f1c',
  process: { pid: 1, startTime: '99', bootId: 'boot' },
  images: [{ slot: 'bob-1f2e', path: '/p', user: 'bob', usedBy: ['bob'], since: time, until: time }],
}

const statusReport: StatusReport = {
  schema: 'status-report/1',
  configuration: '/b/b.conf',
  stateFolder: '/s',
  at: time,
  severity: 'fine',
  lastRun: null,
  lastPost: summary,
  slots: status.slots,
  trends: [
    {
      slot: 's',
      runs: 30,
      backedUp: 24,
      suspect: 1,
      notBackedUpInARow: 4,
      notBackedUpSince: time,
      waited: 3,
      waitedSeconds: 2520,
      paused: 1,
      pausedSeconds: 180.5,
      usedBy: ['bob'],
      last,
    },
  ],
  waiting: waitingRecord.images,
  problems: [finding],
}

const discovery: DiscoveryReport = {
  schema: 'discovery/1',
  roots: ['/Users'],
  severity: 'warning',
  images: [
    {
      path: '/p',
      container: 'sparse-bundle',
      encryption: 'unknown',
      recognised: false,
      ownerUid: 0,
      identity: 'file:1',
      bytes: 0,
      members: 0,
      findings: [],
    },
  ],
  findings: [finding],
  counts: { entries: 1, folders: 1, filesOpened: 0, seconds: 0.1 },
}

const inspection: Inspection = {
  schema: 'inspection/1',
  path: '/p',
  container: 'sparse-bundle',
  recognised: true,
  encryption: 'v2',
  uuid: 'u',
  identity: 'uuid:u',
  ownerUid: 501,
  usage,
  header: { cipher: 'AES-128', blockSize: 512, keys: [{ kind: 'passphrase', rounds: 1000 }, { kind: 'certificate' }] },
  counts: { members: 1, bands: 1, possibleBands: 1, shortBands: 0, bytes: 1, virtualBytes: 1, allocated: 4096 },
  newestChange: time,
  timeMachine: { state: 1, checked: time, backups: 2, newestBackup: time },
  inside: {
    notRead: 'because',
    partitions: [{ index: 1, scheme: 'gpt', offset: 20_480, length: 40_960, type: 'T', name: '' }],
    volumes: [{ partition: null, kind: 'hfs+', name: 'n', bytes: 1, encrypted: false, clean: true }],
  },
  findings: [finding],
}

const verification: Verification = {
  schema: 'verification/1',
  results: [
    {
      path: '/p',
      section: 0,
      state: 'absent',
      container: null,
      encryption: null,
      inUse: false,
      counts: { members: 0, bands: 0, bytes: 0 },
      findings: [finding],
    },
  ],
  counts: { complete: 0, damaged: 0, absent: 1, unreadable: 0, members: 0, bands: 0, bytes: 0, seconds: 0.1 },
}

const records: readonly (readonly [string, Validator, object])[] = [
  ['run', validateRun, run],
  ['report', validateReport, report],
  ['status', validateStatus, status],
  ['history', validateHistory, history],
  ['waiting', validateWaiting, waitingRecord],
]

for (const [name, validate, record] of records) {
  describe(`validator of ${name}.json`, () => {
    it('takes a record with everything in it', () => {
      expect(validate(JSON.parse(JSON.stringify(record))), JSON.stringify(validate.errors)).to.equal(true)
    })

    it('refuses what is no record, another version, and one with something more', () => {
      for (const wrong of [null, 1, 'x', [], {}, { ...record, schema: 'x/2' }, { ...record, more: 1 }]) {
        expect(validate(wrong), JSON.stringify(wrong)).to.equal(false)
      }
    })

    it('refuses a record that lacks a required key, or holds nonsense under it', () => {
      const optional = ['finishedAt', 'lastPost', 'hookEnvironment']
      for (const key of Object.keys(record)) {
        const without = Object.fromEntries(Object.entries(record).filter(([other]) => other !== key))
        expect(validate(without), key).to.equal(['run', 'status'].includes(name) && optional.includes(key))
        expect(validate({ ...record, [key]: { nonsense: true } }), key).to.equal(false)
      }
    })
  })
}

describe('validator of run.json', () => {
  it('refuses a time that is not UTC, and a slot that is no slot', () => {
    expect(validateRun({ ...run, startedAt: '2025-11-02T03:00:12+01:00' })).to.equal(false)
    expect(validateRun({ ...run, images: [{ ...run.images[0], slot: '../x' }] })).to.equal(false)
  })
})

const printed: readonly (readonly [string, object])[] = [
  ['doctor', doctor],
  ['tonight', tonight],
  ['status-report', statusReport],
  ['discovery', discovery],
  ['inspection', inspection],
  ['verification', verification],
]

for (const [name, document] of printed) {
  describe(`what a verb prints as ${name}.schema.json says`, () => {
    it('may hold everything, and nothing more', () => {
      expect(isDocument(name, document)).to.equal(true)
      for (const wrong of [{}, { ...document, schema: 'x/2' }, { ...document, more: 1 }]) {
        expect(() => isDocument(name, wrong), JSON.stringify(wrong)).to.throw()
      }
      for (const key of Object.keys(document)) {
        expect(() => isDocument(name, { ...document, [key]: { nonsense: true } }), key).to.throw()
      }
    })
  })
}
