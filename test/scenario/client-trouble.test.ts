import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest } from '../support/mac/index.js'
import { protect } from '../support/protect.js'
import { clientSet, needClient, stopClients, type ClientSet } from './support/client-night.js'
import { filesIn } from './support/set.js'

const image = 'alice/Work.sparsebundle'

/** What lies in both sections of a set. */
const sections = ({ lab }: ClientSet): unknown =>
  lab.sections().map((name) => [name, filesIn(join(lab.destination, name))])

function edit(path: string, change: (text: string) => string): void {
  const text = readFileSync(path, 'utf8')
  expect(change(text), path).not.to.equal(text)
  writeFileSync(path, change(text))
}

describe('a client that does not answer as it should', function () {
  this.timeout(120_000)

  before(function () {
    needClient(this)
  })
  afterEach(stopClients)

  /** One good night, then one that must halt and leave every section as it is. */
  async function expectHalt(set: ClientSet, code: string, words: RegExp, harm: () => void | Promise<void>) {
    if (set.lab.sections().length === 0) {
      const good = await set.night()
      expect(good.image(image).verdict, good.output).to.equal('proven')
    }
    const before = sections(set)
    await harm()
    const halted = await set.night()
    expect(halted.exitCode, halted.output).to.equal(129)
    expect(halted.codes, halted.output).to.deep.equal([code])
    expect(halted.said[0]).to.match(words)
    expect(sections(set)).to.deep.equal(before)
  }

  it('because its configuration names no root halts the night in the client’s words', async () => {
    const set = await clientSet()
    await expectHalt(set, 'client-refused', /^ERROR! The client root@client refused `version` \(.*names no root/, () =>
      edit(join(set.client.program, 'client.conf'), (text) => text.replace(/^root .*\n/m, '')),
    )
  })

  it('because its roots are others than LBackup’s source halts the night', async () => {
    const set = await clientSet()
    await expectHalt(set, 'client-refused', /^ERROR! The client root@client refused `exists` \(.*root/, () =>
      edit(join(set.client.program, 'client.conf'), (text) => text.replace(/^root .*$/m, 'root /usr/share')),
    )
  })

  it('because nobody can log in halts the night', async () => {
    const set = await clientSet({ settings: { SSHTest: 'NO' } })
    await expectHalt(
      set,
      'client-unreachable',
      /^ERROR! The client root@client could not be reached \(.*Connection refused/,
      () => set.client.stop(),
    )
  })

  it('because its program is of another version is judged by structure alone, or halts where that is wanted', async () => {
    const set = await clientSet()
    edit(join(set.client.program, 'lbackup-filevault-client'), (text) =>
      text.replace("printf 'lbackup-filevault 1 ", "printf 'lbackup-filevault 2 "),
    )
    const result = await set.night()
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.report.findings.find(({ code }) => code === 'client-absent')?.message).to.contain(
      'of another version',
    )
    expect(result.image(image)).to.include({ verdict: 'complete', loudness: 'warning' })
    await expectHalt(
      set,
      'client-other-version',
      /^ERROR! The program on the client root@client is of another version/,
      () => {
        protect(set.lab, { remote: 'halt', tools: { ssh: set.client.ssh } })
      },
    )
  })

  it('because it is gone between the two hooks leaves its images suspect, and nothing is lost', async () => {
    const set = await clientSet()
    await set.night()
    const before = imageDigest(set.copy())
    const result = await set.night({ at: { 'after-rsync': () => set.client.stop() } })
    expect(result.exitCode, result.output).to.equal(0)
    expect(result.report.findings.map(({ code, severity }) => [code, severity])).to.deep.include([
      'client-unreachable',
      'warning',
    ])
    expect(result.image(image)).to.include({ verdict: 'suspect', loudness: 'warning' })
    expect([imageDigest(set.copy(0)), imageDigest(set.copy(1))]).to.deep.equal([before, before])
  })

  it('but is cut off halts the night, wherever the cut is, and says in which answer', async () => {
    // That so many nights halt one after the other is told elsewhere.
    const set = await clientSet({ forced: 'PROGRAM/cutter', config: { keep: { warnAfterRuns: 0 } } })
    const cutter = join(set.client.program, 'cutter')
    const cut = (verb: string, bytes: number): void => {
      const inner = `${set.client.program}/ssh-gate`
      writeFileSync(
        cutter,
        `#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in\n*' ${verb}'*) ${inner} | head -c ${String(bytes)} ;;\n*) exec ${inner} ;;\nesac\n`,
      )
      chmodSync(cutter, 0o755)
    }
    cut('nothing', 0)
    for (const [verb, bytes] of [
      ['version', 1],
      ['version', 100],
      ['exists', 80],
      ['look', 30],
      ['look', 4000],
      ['fingerprints', 500],
    ] as const) {
      const words = new RegExp(`^ERROR! The answer of the client root@client to \`${verb}\` was cut off`)
      await expectHalt(set, 'client-cut-off', words, () => cut(verb, bytes))
      cut('nothing', 0)
    }
    cut('digests', 120)
    writeFileSync(join(set.work, 'bands/3'), Buffer.alloc(8192, 'new'))
    const unread = await set.night()
    expect(unread.image(image).verdict, 'bytes that could not be compared').to.equal('complete')
    expect(unread.image(image)).to.include({ loudness: 'warning' })
    expect(unread.image(image).reason).to.match(/could not be compared: The answer .* to `digests` was cut off/)
  })
})
