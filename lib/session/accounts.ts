import { OperationalError } from '../finding/operational-error.js'
import { noAnswer } from '../system/tool-answer.js'
import { look, names, withFolder } from '../system/folder.js'
import type { System } from '../system/system.js'
import { baseName, parent, type RawPath } from '../text/raw-path.js'
import { directoryLimitBytes, parseDirectory } from './directory.js'
import {
  accountsFromFolders,
  mergeAccounts,
  type FolderFacts,
  type FolderLook,
  type FoundImage,
} from './home-folders.js'
import type { FileVaultAccount } from './session.js'

/** The FileVault accounts, and what could not be found out about them, a sentence with the cure each. */
export interface AccountLook {
  readonly accounts: readonly FileVaultAccount[]
  readonly problems: readonly string[]
}

/**
 * Given the machine and the images found, return the FileVault accounts: from the folders everywhere, on macOS from the
 * directory too. No tool's failure makes it throw. The rule for folders is that of `accountsFromFolders`.
 */
export const lookAtAccounts = (system: System, images: readonly FoundImage[]): Promise<AccountLook> =>
  accountsOf(system, images, { namesIn, factsOf })

/** As `lookAtAccounts`, with another way to look at folders: those of another machine. */
export async function accountsOf(
  system: System,
  images: readonly FoundImage[],
  look: FolderLook,
): Promise<AccountLook> {
  const folders = accountsFromFolders(images, look)
  if (system.platform !== 'macos') return { accounts: folders, problems: [] }
  const { accounts, problems } = await askDirectory(system)
  return { accounts: mergeAccounts(accounts, folders), problems }
}

const namesIn = (folder: RawPath): RawPath[] | undefined => attempt(() => withFolder(folder, names))

/** Looked at from the folder above: a volume mounted on it need not let anybody in for that, and no link is followed. */
function factsOf(folder: RawPath): FolderFacts | 'missing' | undefined {
  return attempt(() => {
    const stats = withFolder(parent(folder), (above) => look(above, baseName(folder)))
    return stats === undefined ? 'missing' : { device: stats.dev, ownerUid: stats.uid }
  })
}

function attempt<Result>(look: () => Result): Result | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

async function askDirectory(system: System): Promise<AccountLook> {
  const args = ['-plist', '.', '-readall', '/Users', 'NFSHomeDirectory', 'HomeDirectory']
  const result = await system.tool('dscl', args, { maxOutputBytes: directoryLimitBytes })
  const silent = noAnswer(result)
  const failed = (why: string): AccountLook => ({
    accounts: [],
    problems: [`FileVault accounts are known only from the folders seen: ${why}`],
  })
  if (silent !== undefined) return failed(silent)
  try {
    return { accounts: parseDirectory(result.stdout), problems: [] }
  } catch (error) {
    if (error instanceof OperationalError)
      return failed(`the answer of ${result.file} cannot be used: ${error.message}`)
    throw error
  }
}
