import type { System } from '../system/system.js'
import type { RawPath } from '../text/raw-path.js'
import { combine, type Clue } from './clue.js'
import type { HdiutilAnswer } from './hdiutil-answer.js'
import type { LinuxPlaces } from './linux.js'
import type { MacPlaces } from './macos.js'
import type { KnownMembers } from './member-index.js'
import { watched } from './members.js'
import type { Usage, UsageSubject } from './usage.js'

export interface UsageOptions {
  /** Processes that do not count, with all their descendants: our own, and LBackup with its rsync. */
  readonly excludePids: readonly number[]
  /** Two looks nearer together than this say nothing when they are equal. */
  readonly quietSeconds: number
  /** Inodes of all members of an image, by its path, where they are known: finds bands under any path. Linux only. */
  readonly members?: KnownMembers
  /** What `askHdiutil` answered a moment ago; it is asked unless given. macOS only. */
  readonly attached?: HdiutilAnswer
  /** Where the kernel and the servers keep what is read; for tests. */
  readonly places?: Partial<LinuxPlaces & MacPlaces>
}

/**
 * Given the machine and images, return the usage of each, by its path. What could not be found out makes `unknown`, with
 * evidence that names the tool and the cure; nothing a tool does makes it throw.
 */
export async function lookAtUsage(
  system: System,
  subjects: readonly UsageSubject[],
  options: UsageOptions,
): Promise<Map<RawPath, Usage>> {
  const images = subjects.map(watched)
  const clues = await cluesOf(system, images, options)
  return new Map(
    images.map(({ subject, problem }) => {
      const all = [...(problem === undefined ? [] : [problem]), ...(clues.get(subject.path) ?? [])]
      return [subject.path, combine(all, subject.looks, options.quietSeconds)]
    }),
  )
}

/** The half of the other system is not loaded. */
async function cluesOf(
  system: System,
  images: readonly ReturnType<typeof watched>[],
  options: UsageOptions,
): Promise<Map<RawPath, Clue[]>> {
  if (images.length === 0) return new Map()
  if (system.platform === 'macos') return (await import('./macos.js')).macClues(system, images, options)
  return (await import('./linux.js')).linuxClues(images, options)
}
