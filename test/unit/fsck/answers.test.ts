import { readFileSync } from 'node:fs'
import { Buffer } from 'node:buffer'
import { expect } from 'chai'
import { parseHdiutilAttach } from '../../../lib/fsck/entities.js'
import { isBusy, refusalOf } from '../../../lib/fsck/refusal.js'
import type { CommandResult } from '../../../lib/system/process.js'
import { shared } from '../../support/shared.js'

const failed = (stderr: string, exitCode = 1): CommandResult => ({
  ...{ file: '/usr/bin/hdiutil', args: [], exitCode, signal: undefined, timedOut: false, tooMuchOutput: false },
  ...{ startError: undefined, stdout: Buffer.alloc(0), stderr: Buffer.from(stderr) },
})

const entity = (hint: string, device: string): string =>
  `<dict><key>content-hint</key><string>${hint}</string><key>dev-entry</key><string>${device}</string></dict>`
const answer = (...entities: string[]): Buffer =>
  Buffer.from(
    `licence\n<?xml version="1.0"?><plist version="1.0"><dict><key>system-entities</key><array>${entities.join('')}</array></dict></plist>\n`,
  )

describe('what hdiutil answers to attach', () => {
  it('names the disk and its file systems, as recorded', function () {
    const of = (name: string) => parseHdiutilAttach(readFileSync(shared(this, `hdiutil/${name}`)))
    expect(of('attach-plist.apm-hfs.plist')).to.deep.equal({
      device: '/dev/disk3',
      fileSystems: [{ device: '/dev/disk3s2', kind: 'hfs' }],
    })
    // The container is a disk of its own, made up by the system: neither detached nor checked twice.
    expect(of('attach-plist.sparseimage-apfs.plist')).to.deep.equal({
      device: '/dev/disk6',
      fileSystems: [{ device: '/dev/disk6s1', kind: 'apfs' }],
    })
  })

  it('names only devices, whatever it says', () => {
    const odd = ['/dev/disk3s2/../sda', '/dev/rdisk3', '-f', '/dev/disk3s2 x'].map((one) => entity('Apple_HFS', one))
    expect(parseHdiutilAttach(answer(...odd))).to.deep.equal({ device: undefined, fileSystems: [] })
    expect(parseHdiutilAttach(answer(entity('Apple_HFSX', '/dev/disk12'))).device).to.equal('/dev/disk12')
    const container = 'EF57347C-0000-11AA-AA11-00306543ECAC'
    expect(parseHdiutilAttach(answer(entity(container, '/dev/disk9'))).fileSystems).to.deep.equal([
      { device: '/dev/disk9', kind: 'apfs' },
    ])
    expect(() => parseHdiutilAttach(Buffer.from('nothing'))).to.throw(/hdiutil attach -plist/)
  })

  it('is understood by text or number where it refuses', () => {
    const known: [string, RegExp][] = [
      ['hdiutil: attach failed - Resource temporarily unavailable', /locked/],
      ['hdiutil: attach failed - Resource busy', /in use/],
      ['hdiutil: attach failed - Authentication error', /passphrase/],
      ['hdiutil: attach failed - image not recognized', /no disk image/],
      ['hdiutil: attach failed - image data corrupted', /damaged/],
      ['hdiutil: attach failed - no mountable file systems', /no file system/],
      ['hdiutil: attach failed - user cancelled', /cancelled/],
      ['hdiutil: attach failed - internal error', /internal/],
      ['hdiutil: attach failed - Operation not permitted', /not permit/],
      ['hdiutil: attach failed - error 35', /locked/],
      ['hdiutil: attach failed - error 80', /passphrase/],
      ['hdiutil: attach failed (code 107)', /no disk image/],
      ['"result-code" = 109', /no file system/],
      ['hdiutil: attach failed - error 45', /not permit/],
    ]
    for (const [text, meaning] of known) expect(refusalOf(failed(text)).because, text).to.match(meaning)
    expect(refusalOf(failed('hdiutil: attach failed - moon too high')).because).to.contain('moon too high')
    expect(refusalOf({ ...failed('', 0), exitCode: undefined, timedOut: true }).because).to.match(/in time/)
    expect(isBusy(failed('', 16))).to.equal(true)
    expect(isBusy(failed('hdiutil: detach failed - No such file or directory'))).to.equal(false)
  })
})
