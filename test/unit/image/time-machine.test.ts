import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { readTimeMachine } from '../../../lib/image/time-machine.js'
import type { SmallFile } from '../../../lib/image/small-file.js'

const plist = (dictionary: string): SmallFile => ({
  state: 'read',
  bytes: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">${dictionary}</plist>\n`),
})
const missing: SmallFile = { state: 'missing', fault: 'missing' }
const snapshot = (date: string): string =>
  `<dict><key>com.apple.backupd.SnapshotCompletionDate</key><date>${date}</date></dict>`

describe('what Time Machine says of its bundle', () => {
  it('is its state, when it checked, how many backups there are, and the newest', () => {
    const own = plist(
      '<dict><key>VerificationState</key><integer>2</integer><key>VerificationDate</key><date>2026-01-31T03:00:00Z</date></dict>',
    )
    const past = plist(
      `<dict><key>Snapshots</key><array>${snapshot('2026-01-02T00:00:00Z')}${snapshot('2026-01-30T00:00:00Z')}<dict/></array></dict>`,
    )
    expect(readTimeMachine(own, past)).to.deep.equal({
      state: 2,
      checked: Date.UTC(2026, 0, 31, 3),
      backups: 3,
      newestBackup: Date.UTC(2026, 0, 30),
    })
    expect(readTimeMachine(own, missing)).to.deep.equal({ state: 2, checked: Date.UTC(2026, 0, 31, 3) })
  })

  it('is nothing where it has no lists, or none that can be read; what has another type is left out', () => {
    expect(readTimeMachine(missing, missing)).to.equal(undefined)
    expect(readTimeMachine(plist('<dict>'), missing)).to.equal(undefined)
    expect(readTimeMachine(plist('<array/>'), missing)).to.equal(undefined)
    const odd = plist('<dict><key>VerificationState</key><string>x</string><key>VerificationDate</key><true/></dict>')
    expect(readTimeMachine(odd, plist('<dict><key>Snapshots</key><string>no</string></dict>'))).to.deep.equal({})
  })
})
