import type { Freeze } from '../daemon/freezing.js'
import { OperationalError } from '../finding/operational-error.js'
import { freeze } from '../staging/freeze.js'
import type { StagingSubject } from '../staging/stage-type.js'
import { printable } from '../text/printable.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { daemonSearch } from './daemon-search.js'
import type { DaemonContext } from './daemon.js'
import { localMachine } from './local-machine.js'
import { stagedPath } from './origin.js'
import { workInThread } from './work-in-thread.js'

/** Given what the daemon needs, return how it freezes an image at rest; undefined: there is no staging folder. */
export function freezerOf(context: Omit<DaemonContext, 'freeze' | 'call' | 'say'>): Freeze | undefined {
  const { config, system, stateFolder } = context
  if (config.source.mode !== 'staging') return undefined
  const seconds = config.limits.hookMinutes * 60
  const machine = localMachine(system, workInThread(seconds), [process.pid])
  return async ({ slot, path }, signal) => {
    const { source, ownPaths, options } = daemonSearch(context)
    // Only this one: all that lies beside it was looked at before.
    const near = { ...options, knownPaths: [path], roots: [parent(path)], maxDepth: 1 }
    const { discovery, looks } = await machine.search(near)
    const at = discovery.images.findIndex((one) => one.path === path && one.slot === slot)
    const [image, structure] = [discovery.images[at], looks[at]]
    if (image === undefined || structure === undefined) throw refused(path, 'is not there any more')
    const isAtRest = async (): Promise<boolean> =>
      !signal.aborted && (await machine.uses([image], 0)).usages.get(path)?.state === 'detached'
    if (!(await isAtRest())) throw refused(path, 'is in use')
    const subject: StagingSubject = {
      slot,
      path,
      container: image.container,
      inode: image.inode,
      identity: image.identity,
      ownerUid: image.ownerUid,
      name: baseName(stagedPath(source, image)),
      members: structure.counts.members,
      bytes: structure.counts.bytes,
      atRest: true,
      live: structure.fingerprint,
    }
    const before = system.now().toISOString()
    const frozen = await freeze({
      system,
      stateFolder,
      path: source.path,
      image: subject,
      // What has the very files of the image would be frozen no longer than they stand still.
      hardLinks: false,
      reservePercent: config.source.reservePercent,
      apart: ownPaths,
      deadline: system.now().getTime() + seconds * 1000,
      look: (orders) => machine.look(orders),
      atRest: async () => ((await isAtRest()) ? new Set([slot]) : new Set()),
    })
    if ('because' in frozen) throw refused(path, `could not be frozen: ${frozen.because}`)
    if (frozen.entry.takenAt < before) return undefined
    return `as a ${frozen.entry.kind.replaceAll('-', ' ')}`
  }
}

const refused = (path: RawPath, why: string): OperationalError =>
  new OperationalError('not-frozen', `${printable(path)} ${why}.`, 'Nothing is to be done: it is tried again.')
