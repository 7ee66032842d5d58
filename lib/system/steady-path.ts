import { lstatSync, readlinkSync } from 'node:fs'
import { parent, toBytes, type RawPath } from '../text/raw-path.js'
import { systemCode } from './file-system-error.js'
import type { Folder } from './folder.js'

const othersWrite = 0o022
const sticky = 0o1000

/**
 * Given a held folder, return the absolute path that leads to it and that nobody but root and this process's user can
 * make lead anywhere else: each folder on the way is theirs, and none is for others to write in (but a sticky one, where
 * they cannot move what is not theirs). undefined where there is none, and on other systems than Linux. A path of this
 * kind may stand for the descriptor, and costs the kernel half as much.
 */
export function steadyPath(folder: Folder): RawPath | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const path = readlinkSync(`/proc/self/fd/${String(folder.descriptor)}`, 'latin1') as RawPath
    for (let at = path; ; at = parent(at)) {
      const { uid, mode } = lstatSync(toBytes(at))
      if (uid !== 0 && uid !== process.geteuid?.()) return undefined
      if ((mode & othersWrite) !== 0 && ((mode & sticky) === 0 || at === path)) return undefined
      if (at === '/') break
    }
    const stats = lstatSync(toBytes(path))
    return stats.dev === folder.stats.dev && stats.ino === folder.stats.ino ? path : undefined
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
