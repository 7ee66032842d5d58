/** Which slot of a sparse image holds a band. */
export interface SlotTable {
  /** A band and the number of the slot that holds it, counted over all index nodes. Each band once. */
  add(this: void, band: number, slot: number): void
  /** False where there are more bands than are kept. */
  readonly complete: boolean
  /** The bands, in ascending order. To be called after the last `add`. */
  bands(this: void): ArrayLike<number>
  /** The slot of a band; undefined where no slot holds it. To be called after the last `add`. */
  slotOf(band: number): number | undefined
}

const slotBits = 2 ** 26
const mostSlots = 2 ** 24

/**
 * Return an empty table: eight bytes for each band that is held, 128 MiB at most. That is a disk of 16 TiB with the bands
 * of 1 MiB that hdiutil makes.
 */
export function slotTable(): SlotTable {
  // Band and slot in one number, which a double holds exactly: sorted as numbers, searched by halves.
  let packed = new Float64Array(1024)
  let [length, sorted, complete] = [0, true, true]
  const sort = (): void => {
    if (!sorted) packed.subarray(0, length).sort()
    sorted = true
  }
  return {
    add(band, slot) {
      if (length === mostSlots || slot >= slotBits) {
        complete = false
        return
      }
      if (length === packed.length) {
        const grown = new Float64Array(length * 2)
        grown.set(packed)
        packed = grown
      }
      packed[length++] = band * slotBits + slot
      sorted = false
    },
    get complete() {
      return complete
    },
    bands() {
      sort()
      return packed.slice(0, length).map((entry) => Math.floor(entry / slotBits))
    },
    slotOf(band) {
      sort()
      let [low, high] = [0, length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((packed[middle] as number) < band * slotBits) low = middle + 1
        else high = middle
      }
      const found = low < length ? (packed[low] as number) : Infinity
      return found < (band + 1) * slotBits ? found - band * slotBits : undefined
    },
  }
}
