import type { Clue } from '../mount/clue.js'
import { holderClue } from '../mount/holder-clue.js'
import { parseLocks } from '../mount/locks.js'
import type { LoopDevice } from '../mount/loop.js'
import { mountPointsOf, withLoopsAbove } from '../mount/loop.js'
import type { Watched } from '../mount/members.js'
import { volumeOf } from '../mount/mount-output.js'
import { deviceText, othersMayUse, parseMountinfo, type LinuxMount } from '../mount/mountinfo.js'
import { exportedFolder, parseExports } from '../mount/nfs-server.js'
import { parsePasswd } from '../mount/user-names.js'
import { count } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { toolText, type ClientLook } from './look-type.js'

/** Given what a Linux client told, return what is mounted there. */
export const mountsOf = (look: ClientLook): LinuxMount[] => parseMountinfo(toolText(look, 'mountinfo'))

/** Given what a Linux client told, return its loop devices; their partitions are known by their names only. */
export const loopsOf = (look: ClientLook): LoopDevice[] =>
  look.loops.map(({ name, backing }) => {
    const partitions = [...new Set(mountsOf(look).map(({ source }) => source.replace('/dev/', '')))]
    return { name, backing, devices: [], nodes: [name, ...partitions.filter((node) => node.startsWith(`${name}p`))] }
  })

const firstPidNamespace = 'pid:[4026531836]'

/** Given what a Linux client told, and images on it, return who uses each. */
export function linuxClues(look: ClientLook, images: readonly Watched[]): Map<RawPath, Clue[]> {
  const clues = new Map<RawPath, Clue[]>(images.map(({ subject }) => [subject.path, []]))
  const say = (path: RawPath, clue: Clue): void => void clues.get(path)?.push(clue)
  const sayAll = (clue: Clue): void => images.forEach(({ subject }) => say(subject.path, clue))
  const mounts = mountsOf(look)
  const users = parsePasswd(toolText(look, 'passwd'))
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
  const exported = parseExports(toolText(look, 'exports'))
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
  const refused = Number(toolText(look, 'refused').trim())
  if (refused > 0) {
    const what = `the client could not look into the open files of ${count(refused, 'process', 'processes')}`
    sayAll({ says: 'unknown', evidence: `${what}: let its program run as root` })
  }
  if (toolText(look, 'namespace').trim() !== firstPidNamespace) {
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
  const locks = parseLocks(toolText(look, 'locks'))
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
