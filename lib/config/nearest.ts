/**
 * Given a word and the words that are allowed, return the one that was probably meant: equal but for case, its
 * beginning, or one or two slips away (one in words of up to four letters); undefined where none is near.
 */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > 64) return undefined
  const wanted = plain(word)
  let best: string | undefined
  let least = wanted.length <= 4 ? 2 : 3
  for (const candidate of allowed) {
    const isStart = wanted.length >= 3 && plain(candidate).startsWith(wanted)
    const distance = isStart ? 1 : slips(wanted, plain(candidate))
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[\s_-]/gu, '')

/** Letters to add, drop, change or swap with their neighbour to make one word of the other. */
function slips(from: string, to: string): number {
  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1]
      let least = Math.min(
        cell(above, column) + 1,
        cell(current, column - 1) + 1,
        cell(above, column - 1) + (same ? 0 : 1),
      )
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (row > 1 && column > 1 && swapped) least = Math.min(least, cell(before, column - 2) + 1)
      current.push(least)
    }
    ;[before, above] = [above, current]
  }
  return cell(above, to.length)
}

const cell = (row: readonly number[], column: number): number => row[column] ?? 0
