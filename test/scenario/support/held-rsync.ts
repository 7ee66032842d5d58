import { execFileSync } from 'node:child_process'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal } from '../../../lib/watch/journal.js'
import { content } from '../../support/image-writer/content.js'
import { simulatedMac, type SimulatedMac } from '../../support/mac/index.js'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab, type LabOptions } from '../../support/session/index.js'
import type { Occasion } from './night.js'
import { labOver } from './over.js'
import { journal, told } from './watched.js'

/** A Mac with bob's image, of which rsync copies band 7 for as long as a test holds it there. */
export interface HeldScene {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
  /** Hold it there; for the occasions of a night. */
  readonly hold: Occasion
  /** Comes true once it is held. */
  readonly held: Promise<void>
  /** LBackup, its rsync, the one that LBackup started first, and what the test holds. */
  pids(): { readonly lbackup: number; readonly rsync: readonly number[]; readonly held: readonly number[] }
  journal(): Journal
  /** Returns once the journal says so. */
  told(says: RegExp): Promise<void>
}

const scenes: { lbackup: number }[] = []

const slowed = (settings: Record<string, string>): LabOptions => ({
  settings: {
    hardlink_option: '--bwlimit=512 --outbuf=L --out-format=%n',
    post_actions_on_backup_error: 'YES',
    ignore_rsync_vanished_files: 'YES',
    ...settings,
  },
})

export const heldScene = (watching: Record<string, unknown>, settings: Record<string, string> = {}): HeldScene =>
  // The sender is then held by its full pipe, with the band open.
  sceneIn(makeLab(slowed(settings)), { interval: 0.1, ...watching }, (pid) => {
    const rsync = rsyncOf(pid)
    return { rsync, held: rsync.slice(1) }
  })

/** The image lies on a client; what is held is ssh, so that the receiver waits with its new file open. */
export const heldSceneOverSsh = async (watching: Record<string, unknown>): Promise<HeldScene> =>
  sceneIn(await labOver('ssh', slowed({})), { clientInterval: 1, ...watching }, (pid) => {
    const [first = 0] = childrenOf(pid, /^\S*rsync /)
    return { rsync: [first, ...childrenOf(first, /^\S*rsync /)], held: childrenOf(first, /^\S*ssh /) }
  })

function sceneIn(
  lab: Lab,
  watching: Record<string, unknown>,
  find: (lbackup: number) => { rsync: number[]; held: number[] },
): HeldScene {
  const mac = simulatedMac(lab.source, 1, lab.backupSource)
  mac.addUser('bob', { fileVault: 'sparsebundle' })
  fillBands(mac, 1)
  const stateFolder = protect(lab, { ...mac.configuration, watch: watching })
  const pids = { lbackup: 0, rsync: [] as number[], held: [] as number[] }
  scenes.push(pids)
  let tell: () => void = () => undefined
  const held = new Promise<void>((resolve) => (tell = resolve))
  return {
    lab,
    mac,
    stateFolder,
    held,
    hold: {
      logged: /bob\.sparsebundle\/bands\/7$/m,
      act({ pid }) {
        Object.assign(pids, { lbackup: pid, ...find(pid) })
        for (const other of pids.held) process.kill(other, 'SIGSTOP')
        tell()
      },
    },
    pids: () => pids,
    journal: () => journal({ stateFolder }),
    told: (says) => told({ stateFolder }, says),
  }
}

/** Band 7 is more than fits into the pipe between sender and receiver. Each time both are a day younger than before. */
export function fillBands(mac: SimulatedMac, time: number): void {
  for (const [name, length] of [
    ['7', 1024 * 1024],
    ['9', 64 * 1024],
  ] as const) {
    const path = join(mac.imageOf('bob'), 'bands', name)
    writeFileSync(path, content(`${name} ${String(time)}`, length))
    utimesSync(path, time * 86_400, time * 86_400)
  }
}

/** `T`: stopped; undefined: gone. */
export function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

/** For `afterEach`: a test that failed leaves nothing stopped. */
export function endScenes(): void {
  for (const { lbackup } of scenes.splice(0)) {
    if (lbackup === 0) continue
    try {
      process.kill(-lbackup, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Given a process, return the children of it that run a program whose command line fits. */
export function childrenOf(parent: number, fits: RegExp): number[] {
  const list = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
  return list.split('\n').flatMap((line) => {
    const [, pid, above, args = ''] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? []
    return Number(above) === parent && fits.test(args) ? [Number(pid)] : []
  })
}

function rsyncOf(parent: number): number[] {
  return childrenOf(parent, /rsync/).flatMap((pid) => [pid, ...rsyncOf(pid)])
}
