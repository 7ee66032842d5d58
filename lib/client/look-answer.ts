import { Buffer } from 'node:buffer'
import type { Platform } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Answer } from './answer.js'
import type { ClientFile, ClientFolder, ClientImage, ClientLook, ClientRoot, ToolOutput } from './look-type.js'
import { last, lineWords, odd, type LineWords } from './line.js'

type Growing<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] }

interface GrowingImage extends Omit<ClientImage, 'files' | 'parts' | 'bitmaps' | 'homes'> {
  readonly files: Map<string, Growing<ClientFile>>
  readonly parts: { offset: number; bytes: Buffer }[]
  bitmaps: Buffer | undefined
  readonly homes: (Omit<ClientFolder, 'names'> & { readonly names: RawPath[] })[]
}

/**
 * Given the answer to `look`, return what it tells. Lines of a kind that is not known here are passed over. Throws
 * OperationalError `client-answer-odd` for a line that cannot be read.
 */
export function readLook({ lines, problems }: Answer): ClientLook {
  let [platform, clock] = ['' as Platform | '', NaN]
  const roots: Growing<ClientRoot>[] = []
  const images: GrowingImage[] = []
  const otherImages: RawPath[] = []
  const skipped: { why: string; path: RawPath }[] = []
  const tools = new Map<string, Growing<ToolOutput>>()
  const open: Growing<ClientLook['open'][number]>[] = []
  const loops: { name: string; backing: RawPath }[] = []
  const identities = new Map<RawPath, { device: number; inode: number } | 'gone'>()
  // Takes the bytes of hex lines once they have all come.
  let carrier: ((bytes: Buffer) => void) | undefined
  let hex: string[] = []
  const deliver = (): void => {
    carrier?.(Buffer.from(hex.join(''), 'hex'))
    carrier = undefined
    hex = []
  }
  for (const line of lines) {
    if (line.startsWith('x ')) {
      hex.push(line.slice(2).replaceAll(' ', ''))
      continue
    }
    deliver()
    const read = lineWords(line)
    switch (read.kind) {
      case 'platform':
        platform = read.rest() as Platform
        break
      case 'clock':
        clock = read.number()
        break
      case 'root':
        roots.push({ path: read.path(), state: read.word(), device: 0, entries: 0 })
        break
      case 'device':
        last(roots, line).device = read.number()
        break
      case 'entries':
        last(roots, line).entries = read.number()
        break
      case 'image':
        images.push(imageOf(read, roots.at(-1)?.path))
        break
      case 'home':
        last(images, line).homes.push({
          path: read.path(),
          device: read.number(),
          ownerUid: read.number(),
          names: [],
        })
        break
      case 'name':
        last(last(images, line).homes, line).names.push(read.path())
        break
      case 'file': {
        const { files } = last(images, line)
        const name = read.word()
        const file: Growing<ClientFile> = { type: read.word(), size: read.number(), bytes: Buffer.alloc(0) }
        files.set(name, file)
        carrier = (bytes) => (file.bytes = bytes)
        break
      }
      case 'part': {
        const part: { offset: number; bytes: Buffer } = { offset: read.number(), bytes: Buffer.alloc(0) }
        last(images, line).parts.push(part)
        carrier = (bytes) => (part.bytes = bytes)
        break
      }
      case 'bitmaps': {
        const image = last(images, line)
        carrier = (bytes) => (image.bitmaps = bytes)
        break
      }
      case 'tool': {
        const name = read.word()
        const exit = read.word()
        const tool: Growing<ToolOutput> = {
          exit: exit === 'none' ? undefined : Number(exit),
          output: Buffer.alloc(0),
        }
        tools.set(name, tool)
        carrier = (bytes) => (tool.output = bytes)
        break
      }
      case 'other-image':
        otherImages.push(read.path())
        break
      case 'skipped':
        skipped.push({ why: read.word(), path: read.path() })
        break
      case 'open':
        open.push({
          image: read.number(),
          pid: read.number(),
          uid: read.number(),
          program: read.word(),
          member: read.rest().replaceAll('\u0001', '\n') as RawPath,
        })
        break
      case 'loop':
        loops.push({ name: read.word(), backing: read.path() })
        break
      case 'identity': {
        const path = read.path()
        const [device, inode] = [read.word(), read.word()]
        identities.set(path, device === '-' ? 'gone' : { device: Number(device), inode: Number(inode) })
        break
      }
    }
  }
  deliver()
  if ((platform !== 'macos' && platform !== 'linux') || Number.isNaN(clock)) throw odd('it does not say what it is')
  return {
    platform,
    clock,
    roots,
    images,
    otherImages,
    skipped,
    tools,
    open,
    loops,
    identities,
    problems: problems.map((problem) => printable(problem as RawPath)),
  }
}

function imageOf(read: LineWords, root: RawPath | undefined): GrowingImage {
  const container = read.word()
  if (container !== 'sparse-bundle' && container !== 'sparse-image') throw odd(`\`${container}\` is no kind of image`)
  const [device, inode, ownerUid, born] = [read.number(), read.number(), read.number(), read.number()]
  const path = read.path()
  const facts = { container, device, inode, ownerUid, born, path, root: root ?? path } as const
  return { ...facts, files: new Map(), parts: [], bitmaps: undefined, homes: [] }
}
