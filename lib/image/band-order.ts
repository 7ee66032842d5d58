import type { RawPath } from '../text/raw-path.js'
import { bandName } from './band-names.js'

/** Given names, return them sorted by their bytes. */
export const byBytes = (names: readonly RawPath[]): RawPath[] => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** The names of a `bands` or `mapped` folder: band indexes, ascending, and all other names, by their bytes. */
export interface BandNames {
  readonly indexes: Float64Array
  readonly others: readonly RawPath[]
}

/** Given the names of such a folder, yield them in the order a fingerprint asks for. */
export function* inBandOrder({ indexes, others }: BandNames): Generator<RawPath> {
  for (const index of indexes) yield bandName(index)
  yield* others
}
