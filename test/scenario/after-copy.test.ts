import { execFileSync } from 'node:child_process'
import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { imageDigest } from '../support/mac/index.js'
import { hosts, needHost, type Host } from '../support/session/index.js'
import { night, type Night, type NightOptions } from './support/night.js'
import { backupSet, bandOf, rewrite, type BackupSet } from './support/set.js'

/** By the name of its image, what a user does to it once rsync has ended. */
const deeds: Readonly<Record<string, (image: string) => void>> = {
  added: (image) => writeFileSync(bandOf(image, '9'), Buffer.alloc(8192, 'added')),
  grown: (image) => writeFileSync(bandOf(image, '3'), Buffer.alloc(512, 'grown'), { flag: 'a' }),
  removed: (image) => rmSync(bandOf(image, '3')),
  rewritten: (image) => rewrite(bandOf(image, '3')),
  truncated: (image) => truncateSync(bandOf(image, '3'), 4096),
}
const names = Object.keys(deeds)

interface Outcome {
  readonly set: BackupSet
  readonly result: Night
  /** By name, the image as rsync found it. */
  readonly copied: ReadonlyMap<string, string>
}

/** Two nights; in the second something is to copy, and the deeds come when `moments` says. */
async function twoNights(
  host: Host,
  config: Record<string, unknown>,
  moments: (set: BackupSet, act: () => void) => NightOptions,
): Promise<Outcome> {
  const set = backupSet({ names, config })
  await night(host, set.lab, set.stateFolder)
  for (const name of names) rewrite(bandOf(set.image(name), '1'), 100)
  const copied = new Map(names.map((name) => [name, imageDigest(set.image(name))]))
  const act = (): void => {
    for (const name of names) deeds[name]?.(set.image(name))
  }
  return { set, copied, result: await night(host, set.lab, set.stateFolder, moments(set, act)) }
}

function expectNoFault({ set, result, copied }: Outcome): void {
  for (const name of names) {
    const image = result.image(`/${name}.sparsebundle`)
    const { result: compared, wrong } = image.proof ?? {}
    expect({ compared, wrong, kept: image.kept }, `${name}: ${image.reason}`).to.deep.equal({
      compared: 'moved-on',
      wrong: [],
      kept: undefined,
    })
    expect(image, name).to.include({ verdict: 'suspect', loudness: 'warning' })
    expect(imageDigest(set.copy(name)), `the copy of ${name}`).to.equal(copied.get(name))
  }
}

for (const host of hosts) {
  describe(`images written once rsync has ended, with ${host === 'ours' ? 'our stand-in' : 'the real LBackup'}`, function () {
    this.timeout(180_000)
    before(function () {
      needHost(this, host)
    })

    for (const repair of ['off', 'on'].slice(0, host === 'ours' ? 2 : 1)) {
      it(`and before LBackup renames its folder have copies without a fault (repair ${repair})`, async () => {
        const outcome = await twoNights(host, { repair }, (_, act) =>
          host === 'ours' ? { at: { 'after-rsync': act } } : { occasions: [{ logged: /speedup is/, stop: true, act }] },
        )
        expectNoFault(outcome)
      })
    }

    it('and before our post hook have copies without a fault', async () => {
      const outcome = await twoNights(host, {}, ({ lab }, act) => {
        // The session waits in a post hook of the administrator until the deeds are done.
        const answer = join(lab.folder, 'answer')
        execFileSync('mkfifo', [answer])
        lab.hook('post', 'BACKUP-010-user', `echo 'a user writes' >>'${lab.logFile}'; read -r _ <'${answer}'`)
        return {
          occasions: [
            {
              logged: /^a user writes$/m,
              act: () => {
                act()
                writeFileSync(answer, 'done\n')
              },
            },
          ],
        }
      })
      expectNoFault(outcome)
    })
  })
}
