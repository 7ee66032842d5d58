import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { isUtf8 } from '../install/setup.js'
import { toBytes, type RawPath } from '../text/raw-path.js'
import { found, type DoctorFinding } from './found.js'
import { immutableFindings } from './images.js'

/**
 * Given the machine and images, return what is to be said of those locked with `uchg`. Node tells no file flags; on macOS
 * `stat -f %Sf` does, a line of words parted by commas for each file (assumed from its manual: never run on a Mac).
 */
export async function flagFindings(system: System, paths: readonly RawPath[]): Promise<DoctorFinding[]> {
  const named = paths.filter(isUtf8)
  if (system.platform !== 'macos' || named.length === 0) return []
  const answer = await system.tool('stat', ['-f', '%Sf', '--', ...named.map((path) => toBytes(path).toString('utf8'))])
  const silent = noAnswer(answer)
  if (silent !== undefined) {
    return [
      found(
        'check-impossible',
        'warning',
        `Whether images are locked (uchg) could not be told: ${silent}.`,
        'See above.',
      ),
    ]
  }
  const lines = answer.stdout.toString('latin1').split('\n')
  return immutableFindings(named.filter((_, index) => lines[index]?.split(',').includes('uchg') === true))
}
