import { join, type RawPath } from '../text/raw-path.js'
import type { FileVaultAccount } from './session.js'

/** Given where an image lies and the FileVault accounts, return where else it lies as its user logs in or out. */
export const otherPlaces = (path: RawPath, accounts: readonly FileVaultAccount[]): RawPath[] =>
  accounts.flatMap(({ home, hiddenHome, imageName }) => {
    const both = [join(home, imageName), join(hiddenHome, imageName)]
    return both.includes(path) ? both.filter((place) => place !== path) : []
  })
