import { combine, type Clue } from '../mount/clue.js'
import { holderClue } from '../mount/holder-clue.js'
import type { AttachedVolume, AttachedVolumes } from '../mount/attached-volume.js'
import { askHdiutil } from '../mount/hdiutil-answer.js'
import { volumesOf } from '../mount/linux-volumes.js'
import { parseLocks } from '../mount/locks.js'
import type { LoopDevice } from '../mount/loop.js'
import { mountPointsOf, withLoopsAbove } from '../mount/loop.js'
import { macClues } from '../mount/macos.js'
import { keyNames, type KeyFile, type Watched } from '../mount/members.js'
import { volumeOf } from '../mount/mount-output.js'
import { deviceText, othersMayUse, parseMountinfo, type LinuxMount } from '../mount/mountinfo.js'
import { exportedFolder, parseExports } from '../mount/nfs-server.js'
import type { Usage, UsageSubject } from '../mount/usage.js'
import { parsePasswd } from '../mount/user-names.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import type { ClientLook } from './look-type.js'
import type { ClientMembers } from './members.js'
import { recordedSystem } from './recorded-system.js'

/** What is needed to tell who uses an image on a client. */
export interface ClientUsageFacts {
  readonly look: ClientLook
  /** By the image's path. */
  readonly members: ReadonlyMap<RawPath, ClientMembers>
}

/**
 * Given what a client told and images on it, return the usage of each, by its path, from the same clues as on this
 * machine. What the client did not tell makes `unknown`.
 */
export async function clientUsage(
  { look, members }: ClientUsageFacts,
  subjects: readonly UsageSubject[],
  quietSeconds: number,
): Promise<Map<RawPath, Usage>> {
  const images = subjects.map((subject) => watchedThere(subject, members.get(subject.path)))
  const clues = look.platform === 'macos' ? await macCluesOf(look, images) : linuxCluesOf(look, images)
  return new Map(
    images.map(({ subject, problem }) => {
      const all = [...(problem === undefined ? [] : [problem]), ...(clues.get(subject.path) ?? [])]
      return [subject.path, combine(all, subject.looks, quietSeconds)]
    }),
  )
}

/** Given what a client told, return where volumes of images are mounted on it. */
export async function clientVolumes(look: ClientLook): Promise<AttachedVolumes> {
  if (look.platform === 'linux') return { volumes: volumesOf(mountsOf(look), loopsOf(look)), problems: [] }
  const { attached, problem } = await askHdiutil(recordedSystem(look))
  const volumes = attached.flatMap(({ imagePath, mountPoints }): AttachedVolume[] =>
    mountPoints.map((mountPoint) => ({ mountPoint, image: printable(imagePath) })),
  )
  return { volumes, problems: problem === undefined ? [] : [`which images are attached is not known: ${problem}`] }
}

const moved: Clue = {
  says: 'changing',
  evidence: 'it is not where it was found a moment ago: moved, replaced or deleted',
}

/** Inode and device as the client sees them; a bundle's members lie on the device of the bundle. */
function watchedThere(subject: UsageSubject, members: ClientMembers | undefined): Watched {
  if (members?.own === undefined || members.own.inode !== subject.inode) return { subject, files: [], problem: moved }
  const file = (name: RawPath, path: RawPath, inode: number, links: number): KeyFile => {
    return { name, path, device: subject.device, inode, links }
  }
  const { table, links } = members
  const names = table.parts.find(({ part }) => part === '')?.names.others ?? []
  if (subject.container === 'sparse-image') {
    const [name] = names
    return {
      subject,
      files: name === undefined ? [] : [file(name, subject.path, members.own.inode, members.own.links)],
    }
  }
  const files = keyNames.flatMap((name) => {
    const row = (names as readonly string[]).indexOf(name)
    if (row < 0) return []
    const raw = name as string as RawPath
    return [file(raw, join(subject.path, name), table.inode[row] as number, links[row] as number)]
  })
  return { subject, files }
}

function macCluesOf(look: ClientLook, images: readonly Watched[]): Promise<Map<RawPath, Clue[]>> {
  const files = {
    identityOf: (path: RawPath) => look.identities.get(path) ?? 'gone',
    realPath: () => undefined,
  }
  return macClues(recordedSystem(look), images, {
    // Nothing of ours runs on the client while it looks.
    excludePids: [],
    places: { nfsExports: [], exported: parseExports(text(look, 'exports')), root: true, files },
  })
}

const text = (look: ClientLook, tool: string): string => look.tools.get(tool)?.output.toString('latin1') ?? ''

const mountsOf = (look: ClientLook): LinuxMount[] => parseMountinfo(text(look, 'mountinfo'))

/** Partitions of a loop device are known by their names only. */
const loopsOf = (look: ClientLook): LoopDevice[] =>
  look.loops.map(({ name, backing }) => {
    const partitions = [...new Set(mountsOf(look).map(({ source }) => source.replace('/dev/', '')))]
    return { name, backing, devices: [], nodes: [name, ...partitions.filter((node) => node.startsWith(`${name}p`))] }
  })

const firstPidNamespace = 'pid:[4026531836]'

function linuxCluesOf(look: ClientLook, images: readonly Watched[]): Map<RawPath, Clue[]> {
  const clues = new Map<RawPath, Clue[]>(images.map(({ subject }) => [subject.path, []]))
  const say = (path: RawPath, clue: Clue): void => void clues.get(path)?.push(clue)
  const sayAll = (clue: Clue): void => images.forEach(({ subject }) => say(subject.path, clue))
  const mounts = mountsOf(look)
  const users = parsePasswd(text(look, 'passwd'))
  for (const wanted of ['mountinfo', 'locks', 'refused'] as const) {
    if (look.tools.get(wanted)?.exit === 0) continue
    sayAll({
      says: 'unknown',
      evidence: `the client did not tell ${wanted}, so it is not known what uses the image: let sshd there run the program as root`,
    })
  }
  sayHolders(look, images, users, say)
  sayLocks(look, images, mounts, say)
  sayLoops(look, images, mounts, say)
  const exported = parseExports(text(look, 'exports'))
  for (const { subject } of images) {
    const volume = volumeOf(mounts, subject.path)
    if (volume !== undefined && othersMayUse(volume.type)) {
      const what = `it lies on ${printable(volume.point)} of the client, a volume of type ${volume.type}`
      say(subject.path, { says: 'unknown', evidence: `${what}, and machines that use it there cannot be seen` })
    }
    const folder = exportedFolder(exported, subject.path)
    if (folder !== undefined) {
      const what = `it lies in ${printable(folder)}, which the client exports by NFS`
      say(subject.path, { says: 'unknown', evidence: `${what}: back it up with copy-and-prove` })
    }
  }
  const refused = Number(text(look, 'refused').trim())
  if (refused > 0) {
    const what = `the client could not look into the open files of ${count(refused, 'process', 'processes')}`
    sayAll({ says: 'unknown', evidence: `${what}: let its program run as root` })
  }
  if (text(look, 'namespace').trim() !== firstPidNamespace) {
    sayAll({ says: 'unknown', evidence: 'the client is a container, and what runs outside of it cannot be seen' })
  }
  sayAll({ says: 'note', evidence: 'the client looked into the open files of its processes' })
  return clues
}

type Say = (path: RawPath, clue: Clue) => void

function sayHolders(look: ClientLook, images: readonly Watched[], users: Map<number, string>, say: Say): void {
  const holders = new Map<string, { image: RawPath; pid: number; uid: number; program: string; members: Set<string> }>()
  for (const { image: index, pid, uid, program, member } of look.open) {
    const path = look.images[index]?.path
    if (path === undefined) continue
    const key = `${String(pid)} ${path}`
    const known = holders.get(key)
    if (known !== undefined) known.members.add(printable(member))
    else holders.set(key, { image: path, pid, uid, program, members: new Set([printable(member)]) })
  }
  for (const { image, program, ...holder } of holders.values()) {
    if (images.some(({ subject }) => subject.path === image)) {
      say(image, holderClue({ ...holder, program: printable(program as RawPath) }, users))
    }
  }
}

function sayLocks(look: ClientLook, images: readonly Watched[], mounts: readonly LinuxMount[], say: Say): void {
  const held = new Set(look.open.map(({ pid, image }) => `${String(pid)} ${String(image)}`))
  const locks = parseLocks(text(look, 'locks'))
  for (const { subject, files } of images) {
    const index = look.images.findIndex(({ path }) => path === subject.path)
    const volumes = new Set([deviceText(subject.device), volumeOf(mounts, subject.path)?.device])
    for (const lock of locks) {
      const file = files.find(({ inode }) => inode === lock.inode)
      if (file === undefined || !volumes.has(lock.device) || held.has(`${String(lock.pid)} ${String(index)}`)) continue
      const explained = look.open.some((open) => open.image === index && open.member === file.name)
      if (explained) continue
      const evidence = `${printable(file.name)} is locked, and by no process that the client can see`
      say(subject.path, { says: 'in-use-elsewhere', evidence })
    }
  }
}

function sayLoops(look: ClientLook, images: readonly Watched[], mounts: readonly LinuxMount[], say: Say): void {
  const loops = loopsOf(look)
  for (const loop of loops) {
    for (const { subject } of images) {
      if (loop.backing !== subject.path) continue
      say(subject.path, {
        says: 'attached',
        evidence: `attached as the loop device /dev/${loop.name}`,
        usedBy: [`/dev/${loop.name}`],
        mountPoints: mountPointsOf(withLoopsAbove(loops, loop), mounts),
      })
    }
  }
}
