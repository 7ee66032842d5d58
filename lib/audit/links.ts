import { OperationalError } from '../finding/operational-error.js'
import type { Image } from '../image/image.js'
import { memberName, memberType } from '../image/member-table.js'
import { memberTable } from '../look/member-table.js'
import { linkTarget, withFolder } from '../system/folder.js'
import { printable } from '../text/printable.js'
import { baseName, join, parent, type RawPath } from '../text/raw-path.js'

/** A member of a copy that is a symbolic link. */
export interface LinkedMember {
  readonly member: RawPath
  /** Where it points. */
  readonly target: RawPath
  /** Where the image's own points; undefined: there it is no link. */
  readonly original: RawPath | undefined
}

/** Given an image and its copy, return the copy's members that are symbolic links; none is followed. */
export function linkedMembers(
  original: RawPath,
  { path, container }: Pick<Image, 'path' | 'container'>,
): LinkedMember[] {
  if (container === 'sparse-image') return []
  return (
    quietly(() => {
      const table = memberTable({ path, container })
      const rows = [...table.type.keys()].filter((row) => memberType(table, row) === 'link')
      return rows.flatMap((row) => {
        const member = memberName(table, row)
        const target = targetOf(join(path, member))
        return target === undefined ? [] : [{ member, target, original: targetOf(join(original, member)) }]
      })
    }) ?? []
  )
}

/** Tell whether the image has another link there, or none. */
export const isOther = ({ target, original }: LinkedMember): boolean => target !== original

const shown = 3

/** Given links, return half a sentence for each of the first three, and how many more there are. */
export function linkWords(links: readonly LinkedMember[]): string[] {
  const more = links.length - shown
  return [
    ...links.slice(0, shown).map((link) => {
      const { member, target, original } = link
      const other = original === undefined ? 'no link' : `to ${printable(original)}`
      const rest = isOther(link) ? `, and ${other} in the image` : ', as in the image; no image has links'
      return `${printable(member)} is a symbolic link to ${printable(target)}${rest}`
    }),
    ...(more > 0 ? [`${String(more)} more are symbolic links`] : []),
  ]
}

const targetOf = (path: RawPath): RawPath | undefined =>
  quietly(() => withFolder(parent(path), (folder) => linkTarget(folder, baseName(path))))

/** What cannot be looked at is told by the comparison. */
function quietly<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}
