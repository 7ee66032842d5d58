import type { Schema } from './schemas.js'

/** Given a setting's schema, return its description with what it allows, where the description does not say so itself. */
export function meaning({ description = '', enum: words = [], minimum, maximum, type }: Schema): string {
  const unsaid = words.filter((word) => !description.includes(word))
  if (unsaid.length > 0) return `${description} One of ${words.join(', ')}.`
  if (minimum === undefined || maximum === undefined) return description
  return `${description} ${type === 'integer' ? 'A whole number' : 'A number'} from ${String(minimum)} to ${String(maximum)}.`
}

/** Given text and a width, return it in lines of at most that many characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
