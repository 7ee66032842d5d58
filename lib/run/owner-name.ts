import type { Image } from '../image/image.js'
import { parsePasswd, parseUserList } from '../mount/user-names.js'
import type { FileVaultAccount } from '../session/session.js'
import { readFileIfPresent } from '../system/file.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromText, relativeTo, type RawPath } from '../text/raw-path.js'
import { liesIn } from './wishes.js'

/** Given the machine, return the name of each uid it knows; empty where it will not say. */
export async function userNames(system: System): Promise<ReadonlyMap<number, string>> {
  if (system.platform === 'linux') {
    const file = readFileIfPresent(fromText('/etc/passwd'), 16 * 1024 * 1024)
    return parsePasswd(file?.bytes.toString('latin1') ?? '')
  }
  const answer = await system.tool('dscl', ['.', '-list', '/Users', 'UniqueID'])
  return parseUserList(answer.exitCode === 0 ? answer.stdout.toString('latin1') : '')
}

/**
 * Given an image, return whose it is: the FileVault account it belongs to, else its owner by name. A backup server does
 * not know its clients' users; there the first folder below the search root speaks.
 */
export function ownerName(
  image: Pick<Image, 'path' | 'root' | 'ownerUid'>,
  accounts: readonly FileVaultAccount[],
  names: ReadonlyMap<number, string>,
): string {
  const account = accounts.find((one) => liesIn(one, image.path))
  if (account !== undefined) return account.user
  return names.get(image.ownerUid) ?? folderName(image.path, image.root) ?? `uid ${String(image.ownerUid)}`
}

function folderName(path: RawPath, root: RawPath): string | undefined {
  const [first, ...rest] = relativeTo(path, root).split('/')
  return first === undefined || rest.length === 0 ? undefined : printable(first.replace(/^\./, '') as RawPath)
}
