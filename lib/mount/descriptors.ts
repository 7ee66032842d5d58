import { identityThrough, kernelNames, linkText, readKernelFile } from '../system/kernel-file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { MemberIndex } from './member-index.js'
import {
  parseProcessStat,
  parseSharedMappings,
  servesOthers,
  withDescendants,
  type ProcessLine,
} from './process-list.js'

/** A process that holds files of one image. */
export interface Holder {
  readonly pid: number
  /** As shown to people. */
  readonly program: string
  readonly uid: number | undefined
  /** Ours, or LBackup's: no use of the image, but it explains a lock. */
  readonly excluded: boolean
  readonly members: Set<string>
  /** The descriptors by which it serves a FUSE file system. */
  readonly fuseDescriptors: readonly string[]
}

/** What all processes of this machine have open. */
export interface DescriptorLook {
  readonly processes: ReadonlyMap<number, ProcessLine>
  readonly excluded: ReadonlySet<number>
  /** Of each image, by its path. */
  readonly holders: ReadonlyMap<RawPath, readonly Holder[]>
  /** How many processes were looked into, and how many we may not look into. */
  readonly looked: number
  readonly refused: number
  /** The first process could not be looked into, although we are root. */
  readonly firstRefused: boolean
}

/** Given the folder of processes (`/proc`), return them; undefined where it cannot be read. */
export function readProcesses(root: string): Map<number, ProcessLine> | undefined {
  const list = kernelNames(root)
  if (typeof list === 'string') return undefined
  const processes = new Map<number, ProcessLine>()
  for (const name of list.names) {
    if (!/^\d+$/u.test(name)) continue
    const stat = readKernelFile(`${root}/${name}/stat`, 4096)
    const line = typeof stat === 'string' ? undefined : parseProcessStat(stat.text)
    if (line !== undefined) processes.set(line.pid, line)
  }
  return processes
}

/** Given the folder of processes, an index of members and the pids that do not count, look once at all open files. */
export function lookAtDescriptors(
  root: string,
  index: MemberIndex,
  excludePids: readonly number[],
): DescriptorLook | undefined {
  const processes = readProcesses(root)
  if (processes === undefined || processes.size === 0) return undefined
  const excluded = withDescendants([...processes.values()], excludePids)
  const holders = new Map<RawPath, Holder[]>()
  let looked = 0
  let refused = 0
  let firstRefused = false
  for (const line of processes.values()) {
    if (line.kernelThread || line.state === 'Z') continue
    const open = lookInto(`${root}/${String(line.pid)}`, index, line)
    if (open === 'denied' && isInit(line)) firstRefused = true
    else if (open === 'denied') refused += 1
    if (typeof open === 'string') continue
    looked += 1
    for (const [image, members] of open.hits) {
      const owner = identityThrough(`${root}/${String(line.pid)}`)
      const holder: Holder = {
        pid: line.pid,
        program: printable(line.program as RawPath),
        uid: typeof owner === 'string' ? undefined : owner.ownerUid,
        excluded: excluded.has(line.pid),
        members,
        fuseDescriptors: open.fuse,
      }
      holders.set(image, [...(holders.get(image) ?? []), holder])
    }
  }
  return { processes, excluded, holders, looked, refused, firstRefused }
}

/**
 * Under a sandbox or container manager the first process may have rights that root lacks here, and is then closed to
 * root. It starts the others and opens no image, unless it is the container's only service.
 */
const isInit = ({ pid, program }: ProcessLine): boolean =>
  pid === 1 && process.geteuid?.() === 0 && !servesOthers(program)

function lookInto(
  folder: string,
  index: MemberIndex,
  line: ProcessLine,
): { hits: Map<RawPath, Set<string>>; fuse: string[] } | 'gone' | 'denied' {
  const descriptors = kernelNames(`${folder}/fd`)
  if (typeof descriptors === 'string') return descriptors
  const hits = new Map<RawPath, Set<string>>()
  const fuse: string[] = []
  const compare = (target: RawPath, through: string): void => {
    if (!index.plausible(target)) return
    const file = identityThrough(through)
    if (typeof file === 'string' || !file.regular) return
    for (const { image, member } of index.hits(target, file)) {
      const members = hits.get(image)
      if (members === undefined) hits.set(image, new Set([printable(member)]))
      else members.add(printable(member))
    }
  }
  for (const name of descriptors.names) {
    const link = linkText(`${folder}/fd/${name}`)
    if (link === 'denied') return link
    if (link === 'gone') continue
    if (link.target === '/dev/fuse') fuse.push(name)
    compare(link.target, `${folder}/fd/${name}`)
  }
  for (const { target, range } of writableMappings(folder, line)) compare(target, `${folder}/map_files/${range}`)
  return { hits, fuse }
}

/** A file may be mapped for writing and its descriptor closed. */
function writableMappings(folder: string, line: ProcessLine): { target: RawPath; range: string }[] {
  // The kernel makes us wait for the memory of a process that itself waits for a disk.
  const maps = line.state === 'D' ? 'gone' : readKernelFile(`${folder}/maps`, 8 * 1024 * 1024)
  return typeof maps === 'string' ? [] : parseSharedMappings(maps.text)
}
