import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { readJournal, type Journal } from '../../../lib/watch/journal.js'
import { night, type Night } from './night.js'
import type { BackupSet } from './set.js'

type State = Pick<BackupSet, 'stateFolder'>

/** For `watch` in a configuration. */
export const quick = { interval: 0.1 }

export const journalFile = (set: State): string => join(set.stateFolder, 'watch.jsonl')
export const journal = (set: State): Journal => readJournal(readFileSync(journalFile(set), 'utf8'))

/** Returns once the journal says so. */
export const told = (set: State, says: RegExp): Promise<void> =>
  said(set.stateFolder, 'watch.jsonl', (text) => says.test(text))

/** Returns once a file is in the folder and says so. */
export function said(folder: string, name: string, says: (text: string) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const path = join(folder, name)
      if (!existsSync(path) || !says(readFileSync(path, 'utf8'))) return
      watcher.close()
      resolve()
    }
    const watcher = watch(folder, look)
    look()
  })
}

/** A night in which something is done once the watch has begun, before rsync does. */
export const during = (set: BackupSet, act: () => void | Promise<void>, after?: () => void): Promise<Night> =>
  night('ours', set.lab, set.stateFolder, {
    at: {
      'before-rsync': async () => {
        await told(set, /"begin"/)
        await act()
      },
      ...(after === undefined ? {} : { 'after-rsync': after }),
    },
  })

export const alive = (pid: number): boolean => {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z')
  } catch {
    return false
  }
}

/** Returns once that process is gone; the limit is the test's. */
export async function gone(pid: number): Promise<void> {
  while (alive(pid)) await new Promise((resolve) => setImmediate(resolve))
}
