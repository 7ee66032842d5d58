import { watch, type FSWatcher } from 'node:fs'
import { Buffer } from 'node:buffer'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { systemCode } from './file-system-error.js'

/** A folder in which something may happen; `name`: only what happens to that name in it. */
export interface HintedFolder {
  readonly folder: RawPath
  readonly name?: RawPath
}

/** Calls `next`, where there is one, when something may have happened. */
export interface Hints {
  next: (() => void) | undefined
  /** Ends listening. */
  close(): void
}

/**
 * Given folders, listen to what the system tells of them. It may tell nothing: writes through a memory map are not told,
 * nor what other machines do to a shared volume, nor anything of a folder that was not there. Does not keep the process.
 */
export function hintsFrom(folders: readonly HintedFolder[]): Hints {
  const listeners: FSWatcher[] = []
  const hints: Hints = { next: undefined, close: () => listeners.splice(0).forEach((one) => one.close()) }
  for (const { folder, name } of folders) {
    const wanted = name === undefined ? undefined : toBytes(name)
    try {
      const options = { persistent: false, encoding: 'buffer' } as const
      const listener = watch(toBytes(folder), options, (_event, told) => {
        if (wanted === undefined || told === null || wanted.equals(Buffer.from(told))) hints.next?.()
      })
      listener.on('error', () => listener.close())
      listeners.push(listener)
    } catch (error) {
      if (systemCode(error) === undefined) throw error
    }
  }
  return hints
}
