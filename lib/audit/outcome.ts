import type { Audit, AuditSlot } from '../generated/audit.js'

type Judged = Omit<Audit, 'outcome'>

/**
 * Given all that an audit found, return the worst of it. `bad`: an image has no complete copy, or its newest one is not
 * it. `unknown`: something could not be looked at. `warning`: changes were missed or may have been, a copy or a section
 * is not as it should be, or no image was found.
 */
export function outcomeOf(found: Judged): Audit['outcome'] {
  const { slots, unsearched, holes, sections } = found
  const newest = sections[0]?.section
  if (slots.some((slot) => isBad(slot, newest))) return 'bad'
  if (unsearched.length > 0 || slots.some(isUnknown)) return 'unknown'
  const doubtful = sections.some(({ kind }) => kind === 'link' || kind === 'other') || slots.length === 0
  return doubtful || holes.length > 0 || slots.some((slot) => isDoubtful(slot, newest)) ? 'warning' : 'fine'
}

function isBad({ sections, newestComplete, compared }: AuditSlot, newest: number | undefined): boolean {
  if (compared?.equal === false) return true
  // Of a copy that cannot be read nobody knows whether it is one.
  if (newestComplete === null) return !sections.some(({ state }) => state === 'unreadable')
  return sections.some(({ section, state }) => section === newest && state === 'incomplete')
}

const isUnknown = ({ sections, compared }: AuditSlot): boolean =>
  compared?.seen === false || sections.some(({ state }) => state === 'unreadable')

function isDoubtful({ sections, compared }: AuditSlot, newest: number | undefined): boolean {
  if (compared !== null && (compared.missed > 0 || (compared.read && compared.equal === null))) return true
  return sections.some(
    ({ section, state, missed, suspected }) =>
      state === 'incomplete' || missed.count > 0 || suspected.count > 0 || (state === 'absent' && section === newest),
  )
}
