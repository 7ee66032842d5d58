import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { whyExported } from '../../../lib/mount/exported.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { temporaryFolder } from '../../support/temporary.js'

describe('what other machines may open through this one', () => {
  /** A machine with such a table of NFS and such programs. */
  function ask(exported: string, programs: readonly string[]): string | undefined {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'etab'), exported)
    programs.forEach((program, at) => {
      mkdirSync(join(folder, 'proc', String(at + 1)), { recursive: true })
      writeFileSync(
        join(folder, 'proc', String(at + 1), 'stat'),
        `${String(at + 1)} (${program}) S 0 1 1 0 -1 4194560 0`,
      )
    })
    const places = { nfsExports: [join(folder, 'etab'), join(folder, 'none')], processes: join(folder, 'proc') }
    return whyExported(fromText('/srv/homes/bob.sparsebundle'), places)
  }

  it('is what lies in an exported folder, and anything where a file server runs', () => {
    expect(ask('/srv/homes *(rw)\n', ['init'])).to.match(/it lies in \/srv\/homes, which this machine exports by NFS/)
    expect(ask('/srv/other *(rw)\n', ['init', 'smbd'])).to.match(/serves files to others \(smbd\)/)
    expect(ask('/srv/other *(rw)\n', ['init', 'bash'])).to.equal(undefined)
  })

  it('may be anything where that cannot be told', () => {
    const folder = temporaryFolder()
    expect(whyExported(fromText('/srv'), { nfsExports: [], processes: join(folder, 'none') })).to.match(
      /cannot be read/,
    )
  })
})
