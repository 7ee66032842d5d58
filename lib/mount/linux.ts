import { lookAt } from '../system/file.js'
import { identityThrough, linkText, readKernelFile } from '../system/kernel-file.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import { lookAtDescriptors, type DescriptorLook } from './descriptors.js'
import { holderClue, lockClues } from './holder-clue.js'
import { mountsServedBy } from './fuse.js'
import { mountPointsOf, readLoops, withLoopsAbove, type LoopDevice } from './loop.js'
import { parseLocks } from './locks.js'
import { memberIndex, type KnownMembers, type MemberIndex } from './member-index.js'
import type { Watched } from './members.js'
import { volumeOf } from './mount-output.js'
import { othersMayUse, parseMountinfo, type LinuxMount } from './mountinfo.js'
import { exportedFolder, parseExports, parseNfsClient, parseNfsStates, readNfsClients } from './nfs-server.js'
import type { Say } from './say.js'
import { servesOthers } from './process-list.js'
import { parsePasswd } from './user-names.js'

/** Where the kernel and the NFS server keep what is read here. */
export interface LinuxPlaces {
  readonly processes: string
  readonly blockDevices: string
  readonly nfsExports: readonly string[]
  readonly nfsClients: string
  readonly passwd: string
}

export const linuxPlaces: LinuxPlaces = {
  processes: '/proc',
  blockDevices: '/sys/block',
  nfsExports: ['/var/lib/nfs/etab', '/proc/fs/nfsd/exports'],
  nfsClients: '/proc/fs/nfsd/clients',
  passwd: '/etc/passwd',
}

/** Given images, return what this Linux machine tells about each, by its path: one pass over all processes for all. */
export function linuxClues(
  images: readonly Watched[],
  options: { excludePids: readonly number[]; members?: KnownMembers; places?: Partial<LinuxPlaces> },
): Map<RawPath, Clue[]> {
  const places = { ...linuxPlaces, ...options.places }
  const clues = new Map<RawPath, Clue[]>(images.map(({ subject }) => [subject.path, []]))
  const say = (image: RawPath, clue: Clue): void => void clues.get(image)?.push(clue)
  const sayAll = (clue: Clue): void => {
    for (const { subject } of images) say(subject.path, clue)
  }
  const mounts = readMounts(places, sayAll)
  const index = memberIndex(images, mounts, options.members)
  const open = lookAtDescriptors(places.processes, index, options.excludePids)
  if (open === undefined) sayAll(unreadable(places.processes))
  sayLocks(places, index, open, say, sayAll)
  const loops = readLoops(places.blockDevices)
  if (loops === undefined) sayAll(unreadable(places.blockDevices))
  sayHoldersAndLoops({ places, images, mounts, open, loops: loops ?? [], index, say })
  sayNfsStates(places, index, say)
  sayVolumes(places, images, mounts, say)
  if (open !== undefined) sayLimits(open, sayAll)
  return clues
}

type SayAll = (clue: Clue) => void

const unreadable = (path: string): Clue => ({
  says: 'unknown',
  evidence: `${path} could not be read, so it is not known what uses the image: run as root, on a machine with ${path}`,
})

function readMounts(places: LinuxPlaces, sayAll: SayAll): LinuxMount[] {
  const path = `${places.processes}/self/mountinfo`
  const table = readKernelFile(path, 64 * 1024 * 1024)
  if (typeof table === 'object') return parseMountinfo(table.text)
  sayAll(unreadable(path))
  return []
}

function sayLocks(
  places: LinuxPlaces,
  index: MemberIndex,
  open: DescriptorLook | undefined,
  say: Say,
  sayAll: SayAll,
): void {
  const path = `${places.processes}/locks`
  const table = readKernelFile(path, 64 * 1024 * 1024)
  if (typeof table === 'string') sayAll(unreadable(path))
  else for (const { image, clue } of lockClues(parseLocks(table.text), index, open)) say(image, clue)
}

interface HolderLook {
  readonly places: LinuxPlaces
  readonly images: readonly Watched[]
  readonly mounts: readonly LinuxMount[]
  readonly open: DescriptorLook | undefined
  readonly loops: readonly LoopDevice[]
  readonly index: MemberIndex
  readonly say: Say
}

function sayHoldersAndLoops({ places, images, mounts, open, loops, index, say }: HolderLook): void {
  let users: Map<number, string> | undefined
  for (const { subject } of images) {
    const holders = (open?.holders.get(subject.path) ?? []).filter((holder) => !holder.excluded)
    const shown: LinuxMount[] = []
    for (const holder of holders) {
      users ??= readUsers(places.passwd)
      const served = mountsServedBy(places.processes, holder, mounts)
      shown.push(...served)
      say(subject.path, { ...holderClue(holder, users), mountPoints: served.map((mount) => mount.point) })
    }
    for (const loop of loops) {
      const volume = volumeOf(mounts, loop.backing)
      const over = backs(loop, subject.path, index, volume)
      const overFuse = volume !== undefined && shown.includes(volume)
      if (!over && !overFuse) continue
      say(subject.path, {
        says: 'attached',
        evidence: `attached as the loop device /dev/${loop.name}${overFuse ? ', through a FUSE mount' : ''}`,
        usedBy: [`/dev/${loop.name}`],
        mountPoints: mountPointsOf(withLoopsAbove(loops, loop), mounts),
      })
    }
  }
}

/** Tells whether the loop device shows this image's file. What lies on a network or FUSE volume is not touched: it may hang. */
function backs(loop: LoopDevice, image: RawPath, index: MemberIndex, volume: LinuxMount | undefined): boolean {
  if (loop.backing === image) return true
  if (!index.plausible(loop.backing) || (volume !== undefined && othersMayUse(volume.type))) return false
  const file = identityThrough(loop.backing)
  return typeof file === 'object' && index.hits(loop.backing, file).some((hit) => hit.image === image)
}

function readUsers(path: string): Map<number, string> {
  const table = readKernelFile(path, 16 * 1024 * 1024)
  return parsePasswd(typeof table === 'string' ? '' : table.text)
}

function sayNfsStates(places: LinuxPlaces, index: MemberIndex, say: Say): void {
  for (const client of readNfsClients(places.nfsClients)) {
    const name = printable((parseNfsClient(client.info) ?? 'a machine without a name') as RawPath)
    for (const { device, inode } of parseNfsStates(client.states)) {
      for (const { image, member } of index.inTable(device, inode)) {
        const evidence = `${printable(member)} open by NFS on ${name}`
        say(image, { says: 'in-use-elsewhere', evidence, usedBy: [name] })
      }
    }
  }
}

function sayVolumes(places: LinuxPlaces, images: readonly Watched[], mounts: readonly LinuxMount[], say: Say): void {
  const exported = places.nfsExports.flatMap((path) => {
    const table = lookAt(path as RawPath) === undefined ? 'gone' : readKernelFile(path, 16 * 1024 * 1024)
    return typeof table === 'string' ? [] : parseExports(table.text)
  })
  for (const { subject } of images) {
    const volume = volumeOf(mounts, subject.path)
    if (volume !== undefined && othersMayUse(volume.type)) {
      const what = `it lies on ${printable(volume.point)}, a volume of type ${volume.type}`
      const evidence = `${what}, and machines that use it there cannot be seen from here: run LBackup on the server`
      say(subject.path, { says: 'unknown', evidence })
    }
    const folder = exportedFolder(exported, subject.path)
    if (folder !== undefined) {
      const what = `it lies in ${printable(folder)}, which this machine exports by NFS`
      const evidence = `${what}, and not every client that uses it can be seen: back it up with copy-and-prove`
      say(subject.path, { says: 'unknown', evidence })
    }
  }
}

const firstPidNamespace = 'pid:[4026531836]'

/** What one pass over the processes could not see; and, where nothing was found, how far it looked. */
function sayLimits(open: DescriptorLook, sayAll: SayAll): void {
  if (open.refused > 0) {
    const what = `could not look into the open files of ${count(open.refused, 'process', 'processes')} of other users`
    sayAll({ says: 'unknown', evidence: `${what}: run as root` })
  }
  const kernelServer = [...open.processes.values()].find(
    (line) => line.program.startsWith('ksmbd') && servesOthers(line.program),
  )
  if (kernelServer !== undefined) {
    const what = 'the kernel of this machine serves files by SMB (ksmbd) and does not tell which of them are open'
    sayAll({ says: 'unknown', evidence: `${what}: back it up with copy-and-prove, or share it with smbd` })
  }
  const looked = count(open.looked, 'process', 'processes')
  const space = linkText('/proc/self/ns/pid')
  const contained = typeof space === 'object' && space.target !== firstPidNamespace
  if (contained) {
    const what = 'this is a container, and what runs outside of it cannot be seen'
    sayAll({ says: 'unknown', evidence: `${what}: run LBackup on the machine itself` })
  }
  const first = open.firstRefused ? ', not into the first one (pid 1)' : ''
  sayAll({ says: 'note', evidence: `looked into the open files of ${looked}${first}` })
}
