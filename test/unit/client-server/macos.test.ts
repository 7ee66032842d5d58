import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { clientDiscovery } from '../../../lib/client/discovery.js'
import { recordedSystem } from '../../../lib/client/recorded-system.js'
import { clientUsage, clientVolumes } from '../../../lib/client/usage.js'
import type { Usage } from '../../../lib/mount/usage.js'
import { accountsOf } from '../../../lib/session/accounts.js'
import { lookAtSessions } from '../../../lib/session/sessions.js'
import { fakeMac, type FakeMac, type FakeMacState } from '../../support/fake-mac.js'
import { v2Header } from '../../support/image-writer/encryption-header.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'
import { localClient } from './support.js'

const statOfMac = fileURLToPath(new URL('../../support/fakes/bsd/stat', import.meta.url))

/** A Mac with bob's home image, and its client. */
function mac() {
  const root = join(temporaryFolder(), 'Users')
  const image = join(root, '.bob/bob.sparsebundle')
  writeSparseBundle(image, { bands: [{ index: 0, length: 4096 }], token: v2Header('bob') })
  mkdirSync(join(root, 'bob'))
  const fakes: FakeMac = fakeMac()
  // One program for two: who owns the console, and the facts of files.
  const stat = join(fakes.folder, 'bin/stat-of-all')
  writeFileSync(
    stat,
    `#!/bin/sh\ncase "$*" in '-f %Su /dev/console') exec '${fakes.tools.stat}' "$@" ;; *) exec '${statOfMac}' "$@" ;; esac\n`,
  )
  chmodSync(stat, 0o755)
  const tools = (['hdiutil', 'lsof', 'who', 'scutil', 'dscl', 'mount'] as const).map(
    (name) => `tool-${name} ${fakes.tools[name]}`,
  )
  const client = localClient(root, 'platform macos', `tool-stat ${stat}`, ...tools)
  return {
    root,
    image,
    /** What the client tells while its Mac is so. */
    see: async (state: FakeMacState) => {
      fakes.set(state)
      const look = client.look()
      const { images } = clientDiscovery(look, {})
      const usages = await clientUsage({ look, members: client.members(look) }, images, 0)
      expect([...usages.values()]).to.have.length(1)
      return { look, images, usage: [...usages.values()][0] as Usage }
    },
  }
}

describe('what a Mac tells over ssh', function () {
  this.timeout(60_000)

  it('of an image that nothing uses', async () => {
    expect((await mac().see({})).usage.state).to.equal('detached')
  })

  it('of an attached image, and where its volume is mounted', async () => {
    const { image, root, see } = mac()
    const { look, usage } = await see({ attached: [{ path: image, mountPoints: [join(root, 'bob')], pid: 77 }] })
    expect(usage.state).to.equal('attached')
    expect(usage.mountPoints).to.deep.equal([join(root, 'bob')])
    expect(await clientVolumes(look)).to.deep.equal({
      volumes: [{ mountPoint: join(root, 'bob'), image }],
      problems: [],
    })
  })

  it('of an image that a program has open', async () => {
    const { image, see } = mac()
    const { usage } = await see({
      open: [{ path: join(image, 'token'), pid: 4711, program: 'diskimages-helper', uid: 501, user: 'bob' }],
    })
    expect(usage.state).to.equal('attached')
    expect(usage.usedBy.join()).to.contain('4711')
  })

  it('makes the use unknown where a program fails', async () => {
    const { see } = mac()
    for (const name of ['hdiutil', 'lsof'] as const) {
      const { usage } = await see({ faults: { [name]: { stdout: 'no', stderr: 'no', code: 9 } } })
      expect(usage.state, name).to.equal('unknown')
    }
  })

  it('of FileVault accounts, by the directory', async () => {
    const { root, image, see } = mac()
    const homeDirectory = `<home_dir><url>file://localhost${image}</url></home_dir>`
    const { look, images } = await see({ users: [{ name: 'bob', uid: 501, home: join(root, 'bob'), homeDirectory }] })
    const nothing = { namesIn: () => undefined, factsOf: () => undefined }
    const { accounts, problems } = await accountsOf(recordedSystem(look), images, nothing)
    expect(problems).to.deep.equal([])
    expect(accounts.map(({ user, home }) => [user, home])).to.deep.equal([['bob', join(root, 'bob')]])
  })

  it('of who is logged in', async () => {
    const { see } = mac()
    const users = async (state: FakeMacState) =>
      (await lookAtSessions(recordedSystem((await see(state)).look))).sessions.map(({ user }) => user)
    expect(await users({})).to.deep.equal([])
    expect([...new Set(await users({ console: 'bob', who: [{ user: 'zoe', line: 'ttys000' }] }))].sort()).to.deep.equal(
      ['bob', 'zoe'],
    )
  })
})
