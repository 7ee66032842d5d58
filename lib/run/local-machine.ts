import { attachedVolumes } from '../mount/attached-volumes.js'
import { askHdiutil } from '../mount/hdiutil-answer.js'
import { lookAtUsage } from '../mount/look.js'
import { sourceHere } from '../prove/source-side.js'
import { lookAtAccounts } from '../session/accounts.js'
import { lookAtSessions } from '../session/sessions.js'
import { lookAt } from '../system/file.js'
import type { System } from '../system/system.js'
import { userNames } from './owner-name.js'
import type { SourceMachine } from './source-machine.js'
import type { Work } from './work.js'

/**
 * Given this machine, the jobs that take long and processes whose descriptors do not count (ourselves, LBackup and its
 * rsync, with all below them), return it as the machine whose images are backed up.
 */
export function localMachine(system: System, work: Work, excludePids: readonly number[]): SourceMachine {
  return {
    ...work,
    here: true,
    platform: system.platform,
    accounts: (images) => lookAtAccounts(system, images),
    async uses(subjects, quietSeconds) {
      // One call of hdiutil tells of all images and all volumes.
      const answer = system.platform === 'macos' ? { attached: await askHdiutil(system) } : {}
      const attached = await attachedVolumes(system, answer)
      const options = { excludePids, quietSeconds, ...answer }
      return { usages: subjects.length === 0 ? new Map() : await lookAtUsage(system, subjects, options), attached }
    },
    userNames: () => userNames(system),
    // Who is logged in here says nothing of the users of a file server.
    sessions: () =>
      system.platform === 'macos' ? lookAtSessions(system) : Promise.resolve({ sessions: [], problems: [] }),
    placeOf(path) {
      const stats = lookAt(path)
      return Promise.resolve(stats === undefined ? undefined : { device: stats.dev, inode: stats.ino })
    },
    side: ({ path, container }) => sourceHere({ source: path, container }),
    fetch: ({ path }) => Promise.resolve(path),
    close: () => Promise.resolve(),
  }
}
