import { chmodSync, cpSync, mkdirSync, openSync, closeSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Context } from 'mocha'
import { realImage } from '../support/real-images.js'
import { makeLab } from '../support/session/index.js'
import { night, type Night } from './support/night.js'
import { bandOf, setIn, type BackupSet } from './support/set.js'

const archives = {
  plain: 'hfsj-plain.sparsebundle.tgz',
  opened: 'hfsj-aes128-v2.sparsebundle.tgz',
  mistaken: 'hfsj-aes128-v2.sparsebundle.tgz',
  locked: 'gpt-aes128-v2.sparsebundle.tgz',
} as const

/** A home with real images, and the level that looks into them. */
function household(context: Context, level: string): BackupSet {
  const lab = makeLab({})
  const bob = join(lab.source, 'bob')
  mkdirSync(bob, { recursive: true })
  for (const [name, archive] of Object.entries(archives)) {
    cpSync(realImage(context, archive).file, join(bob, `${name}.sparsebundle`), {
      recursive: true,
      preserveTimestamps: true,
    })
  }
  const passphrase = (name: string, text: string): string => {
    const file = join(lab.folder, name)
    writeFileSync(file, `${text}\n`, { mode: 0o600 })
    chmodSync(file, 0o600)
    return file
  }
  const passphrases = [
    { match: { path: '/**/opened.sparsebundle' }, file: passphrase('right', 'foo') },
    { match: { path: '/**/mistaken.sparsebundle' }, file: passphrase('wrong', 'bar') },
  ]
  return setIn(lab, { names: [], config: { verify: { level }, passphrases } })
}

const of = (result: Night, name: string) => result.image(`/${name}.sparsebundle`)

describe('the level `volume`', function () {
  this.timeout(120_000)

  it('tells of each copy what its disk holds, or why that was not checked', async function () {
    const set = household(this, 'volume')
    const first = await night('ours', set.lab, set.stateFolder)
    expect(of(first, 'plain')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(of(first, 'plain').reason).to.match(/; the disk inside was checked: HFS\+ "Test1"$/)
    expect(of(first, 'opened')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(of(first, 'opened').reason).to.match(/; the disk inside was checked: HFS\+ "/)
    expect(of(first, 'locked')).to.include({ verdict: 'proven', loudness: 'fine' })
    expect(of(first, 'locked').reason).to.contain(
      '; the disk inside was not checked, because it is encrypted and no passphrase for it was given',
    )
    expect(of(first, 'mistaken')).to.include({ verdict: 'proven', loudness: 'warning' })
    expect(of(first, 'mistaken').reason).to.match(/; the disk inside was not checked, because .*passphrase/)
    expect(JSON.stringify(first.report)).to.not.match(/\bfoo\b|\bbar\b/)

    // Whole, and equal to its image, yet no Mac would mount it.
    const band = openSync(bandOf(set.image('plain'), '0'), 'r+')
    writeSync(band, 'XX', 1024)
    closeSync(band)
    const second = await night('ours', set.lab, set.stateFolder)
    expect(of(second, 'plain')).to.include({ verdict: 'bad', loudness: 'error' })
    expect(of(second, 'plain').reason).to.match(
      /^the disk inside is damaged at its source too: HFS\+: the volume header is damaged/,
    )
    expect(of(second, 'plain').findings.map(({ code }) => code)).to.include('hfs-header-damaged')
    expect(of(second, 'plain').kept).to.include({ done: 'set-aside', proven: true })
  })

  it('is asked for: without it nobody looks inside', async function () {
    const set = household(this, 'compare')
    const result = await night('ours', set.lab, set.stateFolder)
    for (const name of Object.keys(archives)) expect(of(result, name).reason).to.not.contain('inside')
  })
})
