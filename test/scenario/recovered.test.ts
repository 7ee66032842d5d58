import { cpSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { SwapJournal } from '../../lib/keep/swap.js'
import type { ReportedFinding } from '../../lib/generated/report.js'
import { imageDigest } from '../support/mac/index.js'
import { hosts, needHost } from '../support/session/index.js'
import { night } from './support/night.js'
import { backupSet, bandOf, reportSoFar, rewrite } from './support/set.js'

for (const host of hosts) {
  describe(`an image that a killed run was about to swap, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    for (const [what, built, said] of [
      ['the new one comes to its place', true, /^WARNING! An image that .* was about to put at .* was put there\./m],
      ['the old one goes back', false, /^WARNING! The image that .* had moved from .* was put back\./m],
    ] as const) {
      it(`is put right before the next copy, and told: ${what}`, async () => {
        const set = backupSet()
        const { lab, stateFolder } = set
        await night(host, lab, stateFolder)
        // As a kill between the two renames of a swap leaves it.
        const [old, fresh] = ['old', 'new'].map((part) => {
          const folder = join(lab.destination, '.lbackup-filevault/work/killed/bob', part)
          mkdirSync(folder, { recursive: true, mode: 0o700 })
          return join(folder, 'bob.sparsebundle')
        }) as [string, string]
        if (built) {
          cpSync(set.copy(), fresh, { recursive: true, preserveTimestamps: true })
          rewrite(bandOf(fresh, '1'), 100)
        }
        renameSync(set.copy(), old)
        const zero = statSync(join(lab.destination, 'Section.0'))
        const journal: SwapJournal = {
          schema: 'swap/1',
          section: { inode: zero.ino, born: Math.floor(zero.birthtimeMs) },
          copyPath: 'source/bob/bob.sparsebundle',
          name: 'bob.sparsebundle',
        }
        writeFileSync(join(old, '../../swap.json'), JSON.stringify(journal))
        const wanted = imageDigest(built ? fresh : old)
        let findings: readonly ReportedFinding[] = []
        const result = await night(host, lab, stateFolder, {
          at: {
            'before-rsync': () => {
              findings = reportSoFar(stateFolder).findings
              expect(imageDigest(set.copy()), 'at its place').to.equal(wanted)
            },
          },
        })
        expect(findings.map(({ code, severity }) => `${code} ${severity}`)).to.include('work-recovered warning')
        expect(result.said.join('\n')).to.match(said)
        expect(result.image('bob.sparsebundle').verdict).to.equal('proven')
        expect(imageDigest(set.copy(undefined, 1)), 'where it is now').to.equal(wanted)
      })
    }
  })
}
