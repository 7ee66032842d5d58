import { duration } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'
import type { Usage, UsageState, UsageSubject } from './usage.js'

/** One thing seen that says something about one image. `note` tells, and decides nothing. */
export interface Clue {
  readonly says: 'attached' | 'in-use-elsewhere' | 'changing' | 'unknown' | 'note'
  /** One short sentence; for `unknown` with what failed and the cure. */
  readonly evidence: string
  readonly usedBy?: readonly string[]
  readonly mountPoints?: readonly RawPath[]
}

/** Strongest first: what is known to be used is not made doubtful by something that could not be found out. */
const strength: readonly UsageState[] = ['attached', 'in-use-elsewhere', 'changing', 'unknown']

/**
 * Given all clues about one image, its two looks and the seconds they must lie apart, return its usage. Two looks that
 * differ make it `changing`; two equal looks prove nothing, because an idle attached image is not written for hours.
 */
export function combine(clues: readonly Clue[], looks: UsageSubject['looks'], quietSeconds: number): Usage {
  const moved = looks !== undefined && looks.first !== looks.second
  const states = new Set<string>([...clues.map((clue) => clue.says), ...(moved ? ['changing'] : [])])
  const state = strength.find((candidate) => states.has(candidate)) ?? 'detached'
  const evidence = [...new Set(clues.map((clue) => clue.evidence))]
  if (moved) evidence.push(`it changed within ${duration(looks.secondsApart)}, between two looks at it`)
  else if (state === 'detached' && looks !== undefined && looks.secondsApart >= quietSeconds) {
    evidence.push(`two looks ${duration(looks.secondsApart)} apart saw no change, which alone would prove nothing`)
  }
  return {
    state,
    evidence: evidence.length > 0 ? evidence : ['nothing on this machine was seen using it'],
    usedBy: [...new Set(clues.flatMap((clue) => clue.usedBy ?? []))],
    mountPoints: [...new Set(clues.flatMap((clue) => clue.mountPoints ?? []))],
  }
}
