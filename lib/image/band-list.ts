/** The bands of a bundle as seen at a moment, ascending, and the rest of its members. Times in milliseconds since 1970. */
export interface BandList {
  readonly indexes: Float64Array
  /** Bytes. */
  readonly sizes: Float64Array
  readonly modified: Float64Array
  readonly changed: Float64Array
  /** What the members of the image take on its volume, in bytes. */
  readonly allocated: number
  /** The members of the bundle's own folder, or the sparse image itself, each with what changes when it is written. */
  readonly heads: ReadonlyMap<string, string>
}

/** Given bands and a number, return the places in the list of that many bands, those that were changed last. */
export function newestBands({ modified }: Pick<BandList, 'modified'>, most: number): number[] {
  const all = modified.length
  const after = all <= most ? -Infinity : (Float64Array.from(modified).sort()[all - most] as number)
  const places: number[] = []
  for (let at = 0; at < all && places.length < most; at += 1) if ((modified[at] as number) >= after) places.push(at)
  return places
}
