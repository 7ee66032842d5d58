import { OperationalError } from '../finding/operational-error.js'
import type { System } from '../system/system.js'
import { noAnswer } from '../system/tool-answer.js'
import { hdiutilLimitBytes, parseHdiutilInfo, type AttachedImage } from './hdiutil.js'

/** The images attached on this Mac; with a problem, a sentence with the cure, nothing is known of them. */
export interface HdiutilAnswer {
  readonly attached: readonly AttachedImage[]
  readonly problem?: string
}

/** Given a Mac, return what one `hdiutil info -plist` tells. Nothing it does makes this throw. */
export async function askHdiutil(system: System): Promise<HdiutilAnswer> {
  const result = await system.tool('hdiutil', ['info', '-plist'], { maxOutputBytes: hdiutilLimitBytes })
  const silent = noAnswer(result)
  if (silent !== undefined) return { attached: [], problem: silent }
  try {
    return { attached: parseHdiutilInfo(result.stdout) }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { attached: [], problem: `${error.message} ${error.cure}` }
  }
}
