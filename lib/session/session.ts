import type { RawPath } from '../text/raw-path.js'

/** Somebody logged in on this machine. */
export interface Session {
  readonly user: string
  readonly where: 'console' | 'terminal' | 'remote'
  /** What told us; the console owner and scutil come first on macOS, `who` only adds. */
  readonly source: 'console-owner' | 'scutil' | 'who'
}

/**
 * A FileVault 1 home. Logged out, the image lies in `home`; logged in, it lies in `hiddenHome` and its clear text is
 * mounted on `home` (freelancingdigest shows `/Users/.eric/eric.sparseimage`; where the hidden folder exists, its name is seen, not computed).
 */
export interface FileVaultAccount {
  readonly user: string
  readonly home: RawPath
  readonly hiddenHome: RawPath
  /** The image's file name, the same in both places. */
  readonly imageName: RawPath
  readonly source: 'directory' | 'folder'
}
