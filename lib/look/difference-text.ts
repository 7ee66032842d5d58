import { count as countOf } from '../text/measure.js'

/** What one difference between an image and its copy is; see `Difference`. */
export type DifferenceKind =
  'source-unseen' | 'copy-unseen' | 'missing' | 'extra' | 'type' | 'size' | 'missed-change' | 'other-time'

/**
 * All differences of one kind between an image and its copy. `missing`: in the image, not in the copy; `extra`: the
 * other way round. `missed-change`: a file of the same size whose times lie at most 20 s apart, which LBackup's rsync
 * takes for unchanged; `other-time`: they lie further apart. `source-unseen`, `copy-unseen`: could not be looked at.
 */
export interface Difference {
  readonly kind: DifferenceKind
  /** How many members. */
  readonly count: number
  /** The first twenty of them, printable, relative to the bundle (`bands/1f`); of the image itself its own name. */
  readonly members: readonly string[]
  /** Of what could not be looked at: why the first of them could not, as part of a sentence. */
  readonly because?: string
}

const shown = 3

/**
 * Given the differences between an image and its copy, return them as half a sentence for an administrator, the gravest
 * first; empty where there are none.
 */
export const differenceText = (differences: readonly Difference[]): string => differences.map(textOf).join('; ')

function textOf(difference: Difference): string {
  const { kind, because } = difference
  const [subject, names, one] = subjectOf(difference)
  const [are, have] = one ? ['is', 'has'] : ['are', 'have']
  switch (kind) {
    case 'source-unseen':
      return `${subject} of the image could not be looked at${names} (${because ?? 'no reason given'})`
    case 'copy-unseen':
      return `${subject} of the copy could not be looked at${names} (${because ?? 'no reason given'})`
    case 'missing':
      return `${subject} ${are} missing in the copy${names}`
    case 'extra':
      return `${subject} ${are} in the copy and not in the image${names}`
    case 'type':
      return `${subject} ${are} of another type in the copy (file, folder, link)${names}`
    case 'size':
      return `${subject} ${have} another length in the copy${names}`
    case 'missed-change': {
      const [was, its] = one ? ['it was', 'its'] : ['they were', 'their']
      const why = `LBackup took ${one ? 'it' : 'them'} for unchanged because ${was} rewritten within 20 s of ${its} last copy`
      return `${subject} of the copy ${are} older than the image${names}: ${why}`
    }
    case 'other-time':
      return `${subject} ${have} another time in the copy, though the same length${names}`
  }
}

/** The one member's name, or how many there are and, in brackets, which. */
function subjectOf({ count, members }: Difference): [subject: string, names: string, one: boolean] {
  if (count === 1) return [members[0] ?? '1 member', '', true]
  const noun = members.every((member) => /^bands\/[0-9a-f]+$/.test(member)) ? 'band' : 'member'
  const more = count - Math.min(shown, members.length)
  const names = [...members.slice(0, shown), ...(more > 0 ? [`${String(more)} more`] : [])]
  return [countOf(count, noun), ` (${names.join(', ')})`, false]
}
