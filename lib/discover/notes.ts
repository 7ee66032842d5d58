import { count } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'
import type { DiscoveryNote } from './discovery.js'

/** Collects notes. A user can make any number of things worth a note: of each code only the first are kept. */
export interface Notes {
  add(code: DiscoveryNote['code'], path: RawPath, message: string): void
  /** All notes by path; where some were dropped, one more of the same code says how many. */
  all(): DiscoveryNote[]
}

/** Given how many notes of one code are kept, return an empty collection. */
export function collectNotes(mostOfOneCode = 200): Notes {
  const kept: DiscoveryNote[] = []
  const seen = new Map<DiscoveryNote['code'], number>()
  const dropped = new Map<DiscoveryNote['code'], { first: RawPath; more: number }>()
  return {
    add(code, path, message) {
      const before = seen.get(code) ?? 0
      seen.set(code, before + 1)
      if (before < mostOfOneCode) kept.push({ code, path, message })
      else dropped.set(code, { first: dropped.get(code)?.first ?? path, more: before + 1 - mostOfOneCode })
    },
    all() {
      const rest = [...dropped].map(([code, { first, more }]) => ({
        code,
        path: first,
        message: `The same (${code}) holds of ${count(more, 'more place')}, this one among them.`,
      }))
      return [...kept.sort(byPath), ...rest]
    },
  }
}

/** Compares two things by their path, byte by byte. */
export const byPath = (a: { readonly path: RawPath }, b: { readonly path: RawPath }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0
