/** Takes text in pieces; false where a line is too long. */
export type LineReader = (piece: string) => boolean

/**
 * Given how long a line may be and who takes the lines, return who takes the pieces. Never more than one line and one
 * piece are kept; what is told after a line that was too long is passed over.
 */
export function lineReader(mostCharacters: number, take: (line: string) => void): LineReader {
  let begun = ''
  let broken = false
  return (piece) => {
    const lines = piece.split('\n')
    for (const [at, text] of lines.entries()) {
      if (broken) break
      begun += text
      if (begun.length > mostCharacters) broken = true
      else if (at < lines.length - 1) {
        take(begun)
        begun = ''
      }
    }
    return !broken
  }
}
