import type { RawPath } from '../text/raw-path.js'

// mtree(5) takes blanks, #, = and \ for its own; `\ooo` (vis(3)) stands for any byte.
const plain = /^[A-Za-z0-9_.,+@%~:^-]+$/
// mtree-netbsd takes a name for a pattern where, decoded, it holds one of these, and then a backslash takes their
// meaning from them (seen with mtree-netbsd 20180822).
const pattern = /[*?[]/

/** Given a name, return it as mtree(5) wants it. `visDecode` undoes it. */
export function visEncode(name: RawPath): string {
  if (plain.test(name)) return name
  const literal = pattern.test(name) ? name.replace(/[*?[\\]/g, '\\$&') : name
  return [...literal]
    .map((character) =>
      plain.test(character) ? character : `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
    )
    .join('')
}

/** Given what `visEncode` made, return the name; undefined for anything it does not make. */
export function visDecode(text: string): RawPath | undefined {
  if (plain.test(text)) return text as RawPath
  if (!/^(?:[A-Za-z0-9_.,+@%~:^-]|\\[0-3][0-7]{2})+$/.test(text)) return undefined
  const literal = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  const name = (pattern.test(literal) ? literal.replace(/\\([*?[\\])/g, '$1') : literal) as RawPath
  return visEncode(name) === text ? name : undefined
}
