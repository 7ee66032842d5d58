import { withFolder, look } from '../system/folder.js'
import { lookAt } from '../system/file.js'
import { systemCode } from '../system/file-system-error.js'
import { OperationalError } from '../finding/operational-error.js'
import { baseName, join, type RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import type { UsageSubject } from './usage.js'

/**
 * What a process that uses a bundle holds open, besides bands: older systems keep `token` open and locked, newer ones
 * `lock`; programs that read bundles keep a plist.
 */
export const keyNames = ['Info.plist', 'Info.bckup', 'token', 'lock'] as const

/** A file whose being open means that the image is in use. */
export interface KeyFile {
  /** As shown to people: `token`, or the image's own name. */
  readonly name: RawPath
  readonly path: RawPath
  readonly device: number
  readonly inode: number
  readonly links: number
}

/** An image with the files that tell of its use, or with what kept us from looking. */
export interface Watched {
  readonly subject: UsageSubject
  readonly files: readonly KeyFile[]
  readonly problem?: Clue
}

/** Given an image, return the files to watch in it, no link followed. */
export function watched(subject: UsageSubject): Watched {
  try {
    const files = subject.container === 'sparse-bundle' ? bundleFiles(subject) : imageFile(subject)
    return files === undefined ? { subject, files: [], problem: moved } : { subject, files }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const left = ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')
    const evidence = `could not look into it: ${error.message} ${error.cure}`
    return { subject, files: [], problem: left ? moved : { says: 'unknown', evidence } }
  }
}

const moved: Clue = {
  says: 'changing',
  evidence: 'it is not where it was found a moment ago: moved, replaced or deleted',
}

function bundleFiles(subject: UsageSubject): KeyFile[] | undefined {
  return withFolder(subject.path, (folder) => {
    if (folder.stats.dev !== subject.device || folder.stats.ino !== subject.inode) return undefined
    return keyNames.flatMap((name) => {
      const stats = look(folder, name as string as RawPath)
      if (stats?.isFile() !== true) return []
      const path = join(subject.path, name)
      return [{ name: name as string as RawPath, path, device: stats.dev, inode: stats.ino, links: stats.nlink }]
    })
  })
}

function imageFile(subject: UsageSubject): KeyFile[] | undefined {
  const stats = lookAt(subject.path)
  if (stats?.isFile() !== true || stats.dev !== subject.device || stats.ino !== subject.inode) return undefined
  const { path } = subject
  return [{ name: baseName(path), path, device: stats.dev, inode: stats.ino, links: stats.nlink }]
}
