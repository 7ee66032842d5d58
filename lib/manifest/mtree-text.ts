import { memberType, nameIn, partLength, type MemberPart } from '../image/member-table.js'
import type { RawPath } from '../text/raw-path.js'
import type { Manifest } from './manifest-type.js'
import { visEncode } from './vis.js'

/** The first lines of every manifest; paths are relative to the bundle, or to the folder that holds a sparse image. */
export const mtreeHead = '#mtree\n. type=dir\n'
export const mtreeTail = '..\n'

const chunkLength = 64 * 1024

/**
 * Given a manifest, yield it in pieces as mtree(5): type, size, time and sha256digest, times with nine digits of a
 * fraction (mtree-netbsd takes it for whole nanoseconds), none on folders. FIFOs, sockets, devices and what could not be
 * looked at have no row.
 */
export function* mtreeText(manifest: Manifest): Generator<string> {
  let text = mtreeHead
  for (const part of manifest.copy.parts) {
    if (part.part !== '') text += `${part.part} type=dir\n`
    for (let at = 0; at < partLength(part); at += 1) {
      text += rowText(manifest, part, at)
      if (text.length < chunkLength) continue
      yield text
      text = ''
    }
    if (part.part !== '') text += '..\n'
  }
  yield text + mtreeTail
}

/** Given a manifest and a part's place, tell whether the mtree has a row for it that is no folder. */
export function isListed({ copy }: Pick<Manifest, 'copy'>, row: number): boolean {
  const type = memberType(copy, row)
  return type === 'file' || type === 'link'
}

function rowText(manifest: Manifest, part: MemberPart, at: number): string {
  const row = part.start + at
  const { copy, digests, known } = manifest
  const name = nameIn(part, at)
  switch (memberType(copy, row)) {
    case 'folder':
      // The two that hold rows of their own are written with these.
      return part.part === '' && hasRows(manifest, name) ? '' : ` ${visEncode(name)} type=dir\n ..\n`
    case 'link':
      return ` ${visEncode(name)} type=link\n`
    case 'file': {
      const digest = known[row] === 1 ? ` sha256digest=${digests.toString('hex', row * 32, row * 32 + 32)}` : ''
      return ` ${visEncode(name)} type=file size=${String(copy.size[row])} time=${timeText(manifest, row)}${digest}\n`
    }
    default:
      return ''
  }
}

const hasRows = ({ copy }: Manifest, name: RawPath): boolean =>
  copy.parts.some(({ part }) => part !== '' && part === name)

function timeText({ copy, nanoseconds }: Manifest, row: number): string {
  const microseconds = copy.modified[row] as number
  const seconds = Math.floor(microseconds / 1_000_000)
  const fraction = (microseconds - seconds * 1_000_000) * 1000 + (nanoseconds[row] as number)
  return `${String(seconds)}.${String(fraction).padStart(9, '0')}`
}
