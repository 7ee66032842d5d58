import type { Finding } from '../finding/finding.js'
import type { Action } from '../policy/policy-type.js'
import type { UsageState } from '../mount/usage.js'

/** What a run says of one image; "ok" is never said. */
export type Verdict = 'proven' | 'complete' | 'not-backed-up' | 'suspect' | 'bad'

/** How loud a verdict is: `fine` a plain line, `warning` WARNING!, `error` ERROR!. */
export type Loudness = 'fine' | 'warning' | 'error'

export interface Judgement {
  readonly verdict: Verdict
  readonly loudness: Loudness
  /** Half a sentence that follows the verdict. */
  readonly reason: string
}

/** What is known of an image once rsync has ended. */
export interface Evidence {
  readonly action: Action
  /** The decision's code. */
  readonly decisionCode: string
  /** The decision's own reason. */
  readonly decisionReason: string
  /** What used the image when the decision was made. */
  readonly usage: UsageState
  /** Members changed between the end of the pre hook and the end of rsync; undefined: could not be looked at again. */
  readonly changed: boolean | undefined
  /** What was seen to happen to it while rsync ran, half a sentence whose subject is the image. */
  readonly seen?: string
  /** Errors of the source's own structure before the copy. */
  readonly sourceErrors: readonly { readonly code: string; readonly member?: string }[]
  readonly copy: Copy
  /** What comparing the bytes came to; undefined: they were not compared. */
  readonly proof?: ProofWords
  /** What checking the disk inside of the copy came to; undefined: nobody asked for it. */
  readonly inside?: Inside
}

export interface ProofWords {
  readonly result: 'proven' | 'wrong' | 'unfinished' | 'moved-on' | 'source-unreadable'
  /** Half a sentence for an administrator. */
  readonly says: string
}

export type Copy =
  | { readonly state: 'absent'; readonly because: string }
  | { readonly state: 'unreadable'; readonly because: string }
  | {
      readonly state: 'looked-at'
      readonly errors: readonly Finding[]
      /** How its members differ from the source's, half a sentence; undefined: not at all, by name, size and time. */
      readonly differs?: string
    }

/** What is known of the disk inside of a copy. */
export type Inside =
  | {
      readonly state: 'checked'
      readonly findings: readonly Finding[]
      /** Its file systems and their names, or what else it holds, half a sentence. */
      readonly holds: string
    }
  | {
      readonly state: 'unchecked'
      readonly because: string
      /** It should have been possible. */
      readonly failed: boolean
    }

/**
 * Given what is known of an image and its copy, return the verdict. Without comparing bytes `complete` is the best
 * there is; a copy made while the image was in use and not proven stays `suspect` however whole it looks.
 */
export function judge(evidence: Evidence): Judgement {
  const judgement = judgeOutside(evidence)
  return evidence.inside === undefined ? judgement : withInside(judgement, evidence.inside, evidence.proof)
}

/** A disk that cannot be opened is no good copy, whatever its bytes equal. */
function withInside(judgement: Judgement, inside: Inside, proof: ProofWords | undefined): Judgement {
  const { verdict, loudness, reason } = judgement
  if (verdict === 'bad' || verdict === 'not-backed-up') return judgement
  if (inside.state === 'unchecked') {
    const said = `${reason}; the disk inside was not checked, because ${inside.because}`
    return { verdict, loudness: inside.failed ? 'warning' : loudness, reason: said }
  }
  const of = (severity: Finding['severity']): readonly Finding[] =>
    inside.findings.filter((finding) => finding.severity === severity)
  const [errors, warnings] = [of('error'), of('warning')]
  if (errors.length > 0) {
    const where =
      proof?.result === 'proven'
        ? 'the disk inside is damaged at its source too'
        : 'the disk inside its copy is damaged'
    return { verdict: 'bad', loudness: 'error', reason: `${where}: ${firstOf(errors)}` }
  }
  if (warnings.length > 0)
    return { verdict, loudness: 'warning', reason: `${reason}; the disk inside: ${firstOf(warnings)}` }
  return { verdict, loudness, reason: `${reason}; the disk inside was checked: ${inside.holds}` }
}

const firstOf = (findings: readonly Finding[]): string => {
  const more = findings.length > 1 ? ` (and ${String(findings.length - 1)} more)` : ''
  return `${(findings[0] as Finding).message.replace(/\.$/, '')}${more}`
}

function judgeOutside(evidence: Evidence): Judgement {
  const { action, decisionReason, copy } = evidence
  if (action === 'leave-out' || action === 'halt') {
    const wished = !['not-in-source', 'not-staged'].includes(evidence.decisionCode)
    return { verdict: 'not-backed-up', loudness: wished ? 'fine' : 'warning', reason: decisionReason }
  }
  if (copy.state === 'absent') return { verdict: 'bad', loudness: 'error', reason: `there is no copy: ${copy.because}` }
  if (copy.state === 'unreadable') {
    return { verdict: 'bad', loudness: 'error', reason: `its copy cannot be read: ${copy.because}` }
  }
  if (action === 'contents') {
    return {
      verdict: 'suspect',
      loudness: 'warning',
      reason: 'the files of its mounted volume were copied while in use',
    }
  }
  const [worst] = copy.errors
  if (worst !== undefined) return { verdict: 'bad', loudness: 'error', reason: damage(worst, evidence) }
  return undamaged(evidence, copy.differs)
}

function damage(worst: Finding, { sourceErrors, copy }: Evidence): string {
  const same = sourceErrors.some(({ code, member }) => code === worst.code && member === worst.member)
  const text = firstOf(copy.state === 'looked-at' ? copy.errors : [worst])
  return same ? `the image itself is damaged at its source: ${text}` : `its copy is damaged: ${text}`
}

function undamaged(evidence: Evidence, differs: string | undefined): Judgement {
  const { action, usage, changed, proof, seen } = evidence
  if (changed === undefined) {
    return { verdict: 'suspect', loudness: 'warning', reason: 'the image could not be looked at again after the copy' }
  }
  const meanwhile = seen === undefined ? '' : `; while rsync ran, the image ${seen}`
  if (proof?.result === 'proven') {
    return { verdict: 'proven', loudness: 'fine', reason: `${proof.says}${meanwhile}` }
  }
  if (proof?.result === 'wrong') {
    return { verdict: 'bad', loudness: 'error', reason: `the copy is not the image: ${proof.says}` }
  }
  const because = proof === undefined ? '' : `; ${proof.says}`
  if (changed) {
    // What was written after the copy is no fault of the copy, which cannot be told from here.
    const when = proof?.result === 'moved-on' ? 'during or after the copy' : 'while it was being copied'
    return { verdict: 'suspect', loudness: 'warning', reason: `it changed ${when}${because}${meanwhile}` }
  }
  if (seen !== undefined) {
    return { verdict: 'suspect', loudness: 'warning', reason: `while rsync ran, it ${seen}${because}` }
  }
  // The source stood still, so this is what rsync made of it, whatever used it.
  if (differs !== undefined)
    return { verdict: 'bad', loudness: 'error', reason: `the copy is not the image: ${differs}` }
  if (usage !== 'detached' && usage !== 'unknown') {
    const used = `it was ${usage.replaceAll('-', ' ')} during the copy${because}`
    return { verdict: 'suspect', loudness: 'warning', reason: used }
  }
  if (proof !== undefined) return { verdict: 'complete', loudness: 'warning', reason: proof.says }
  if (action === 'copy-and-prove') {
    return {
      verdict: 'complete',
      loudness: 'warning',
      reason: 'what used it was not known; nothing changed during the copy, and its bytes were not compared',
    }
  }
  return {
    verdict: 'complete',
    loudness: 'fine',
    reason: 'its structure, names, sizes and times are right; its bytes were not compared',
  }
}
