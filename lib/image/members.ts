import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { FindingList } from './finding-list.js'
import type { MemberFacts } from './fingerprint.js'

const topLevel = new Set(['Info.plist', 'Info.bckup', 'token', 'lock', 'bands', 'mapped'])

/** Given a name in a bundle's own folder, tell whether macOS puts such a member there. */
export const isKnownTopLevel = (name: RawPath): boolean => topLevel.has(name) || name.startsWith('com.apple.')

/** Given a member that is no regular file where only files belong, add what is wrong with that to the findings. */
export function addMemberFault(findings: FindingList, member: RawPath, { type }: Pick<MemberFacts, 'type'>): void {
  const cure = 'Find out who put it there; take the member from an older copy of the image.'
  if (type === 'link') {
    const message = `${printable(member)} is a symbolic link; it is not followed, and macOS does not open such an image.`
    findings.add('member-linked', 'error', message, { member, cure })
  } else {
    const what = type === 'folder' ? 'a folder' : 'a FIFO, socket or device'
    const message = `${printable(member)} is ${what} where only a file belongs.`
    findings.add('member-special', 'error', message, { member, cure })
  }
}
