const pageBits = 65_536

/**
 * Given how many bands there can be, return a set of band indexes that takes memory only where bands are: one bit for
 * each, in pages. `add` tells whether the index was new.
 */
export function slotSet(size: number): { add(index: number): boolean } {
  const pages = new Map<number, Uint8Array>()
  return {
    add(index) {
      if (index >= size) throw new RangeError(`${String(index)} lies outside 0 to ${String(size - 1)}`)
      const number = Math.floor(index / pageBits)
      let page = pages.get(number)
      if (page === undefined) {
        page = new Uint8Array(pageBits / 8)
        pages.set(number, page)
      }
      const at = (index % pageBits) >> 3
      const bit = 1 << (index & 7)
      const known = ((page[at] as number) & bit) !== 0
      page[at] = (page[at] as number) | bit
      return !known
    },
  }
}
