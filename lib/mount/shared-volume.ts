import { realPath } from '../system/file.js'
import { readKernelFile } from '../system/kernel-file.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import type { RawPath } from '../text/raw-path.js'
import { parseMacMount, volumeOf } from './mount-output.js'
import { othersMayUse, parseMountinfo } from './mountinfo.js'

// In bytes of text: some hundred thousand mounts.
const mostBytes = 64 * 1024 * 1024

/**
 * Given the machine and a path, tell whether other machines may write there: it lies on a network volume, or that cannot
 * be found out. `table`: where Linux lists its mounts.
 */
export async function othersMayWrite(
  system: Pick<System, 'platform' | 'tool'>,
  path: RawPath,
  table = '/proc/self/mountinfo',
): Promise<boolean> {
  const real = realPath(path) ?? path
  if (system.platform === 'macos') {
    const result = await system.tool('mount', [])
    return noAnswer(result) !== undefined || volumeOf(parseMacMount(result.stdout), real)?.local !== true
  }
  const read = readKernelFile(table, mostBytes)
  const volume = typeof read === 'string' ? undefined : volumeOf(parseMountinfo(read.text), real)
  return volume === undefined || othersMayUse(volume.type)
}
