import { list } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import type { DescriptorLook, Holder } from './descriptors.js'
import type { KernelLock } from './locks.js'
import type { MemberIndex } from './member-index.js'
import { servesOthers } from './process-list.js'
import { userName } from './user-names.js'

const shownMembers = 3

/** Given a process that holds files of an image and the names of users, return what that says of the image. */
export function holderClue(
  holder: Pick<Holder, 'pid' | 'program' | 'uid' | 'members'>,
  users: ReadonlyMap<number, string>,
): Clue {
  const { pid, program, uid } = holder
  const members = [...holder.members]
  const more = members.length - shownMembers
  const files = list(more > 1 ? [...members.slice(0, shownMembers), `${String(more)} more`] : members)
  const name = `${program} (pid ${String(pid)})`
  // root is no name for "in use by": it is who daemons run as.
  const person = uid === undefined || uid === 0 ? [] : [userName(users, uid)]
  const whose = person.length === 0 ? '' : ` of ${list(person)}`
  const others = servesOthers(program)
  return {
    says: others ? 'in-use-elsewhere' : 'attached',
    evidence: `${files} open in ${name}${whose}${others ? ', for a client on another machine' : ''}`,
    usedBy: [...person, name],
  }
}

/**
 * Given the locks held, the index of members and what is open, return what the locks say. A lock of a process of this
 * machine is that process's use. A lock of none (its taker ended, or it is of an open file description) is explained by
 * any process that has the file open; where nothing explains it, another machine holds it.
 */
export function lockClues(
  locks: readonly KernelLock[],
  index: Pick<MemberIndex, 'inTable'>,
  open: DescriptorLook | undefined,
): { image: RawPath; clue: Clue }[] {
  return locks.flatMap((lock) =>
    index.inTable(lock.device, lock.inode).flatMap(({ image, member }) => {
      const name = printable(member)
      const line = open?.processes.get(lock.pid)
      if (line !== undefined) {
        if (open?.excluded.has(line.pid) === true) return []
        return [{ image, clue: localLock(name, printable(line.program as RawPath), line.pid) }]
      }
      const explained = open?.holders.get(image)?.some((holder) => holder.members.has(name)) === true
      if (explained) return []
      const evidence = `${name} is locked, and by no process of this machine`
      return [{ image, clue: { says: 'in-use-elsewhere' as const, evidence } }]
    }),
  )
}

function localLock(member: string, program: string, pid: number): Clue {
  const others = servesOthers(program)
  const name = `${program} (pid ${String(pid)})`
  const whose = others ? ', for a client on another machine' : ''
  return {
    says: others ? 'in-use-elsewhere' : 'attached',
    evidence: `${member} locked by ${name}${whose}`,
    usedBy: [name],
  }
}
