import { kernelNames, readKernelFile } from '../system/kernel-file.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import { unescape } from './mountinfo.js'

/** A file that a client of the kernel's NFS server has open, locked or delegated. */
export interface NfsState {
  /** `major:minor`, decimal. */
  readonly device: string
  readonly inode: number
}

/**
 * Given the text of `/var/lib/nfs/etab`, `/proc/fs/nfsd/exports` or a Mac's `/etc/exports`, return the exported folders:
 * the first word of each line, blanks in octal (exports(5)).
 */
export function parseExports(text: string): RawPath[] {
  return text.split('\n').flatMap((line) => {
    const word = /^"([^"]*)"|^\S+/u.exec(line)
    const path = unescape(word?.[1] ?? word?.[0] ?? '')
    return path.startsWith('/') ? [path] : []
  })
}

/** Given exported folders and a path, return the one the path lies in, if any. */
export const exportedFolder = (exported: readonly RawPath[], path: RawPath): RawPath | undefined =>
  exported.find((folder) => isWithin(path, folder))

/**
 * Given the text of `/proc/fs/nfsd/clients/N/states`, return the files in it; each state is one line with
 * `superblock: "fd:10:13649"`, device hexadecimal and inode decimal (Linux fs/nfsd/nfs4state.c). Clients of NFS 3 leave none.
 */
export function parseNfsStates(text: string): NfsState[] {
  return [...text.matchAll(/superblock: "([0-9a-f]+):([0-9a-f]+):(\d+)"/gu)].map(([, major, minor, inode]) => ({
    device: `${String(Number.parseInt(major as string, 16))}:${String(Number.parseInt(minor as string, 16))}`,
    inode: Number(inode),
  }))
}

/** Given the text of `/proc/fs/nfsd/clients/N/info`, return the client's address, without its port. */
export function parseNfsClient(text: string): string | undefined {
  return /^address: "(.*?)(?::\d+)?"$/mu.exec(text)?.[1]
}

/** A client of this machine's NFS server, with the text that lists its files. */
export interface NfsClient {
  readonly info: string
  readonly states: string
}

/** Given the folder of NFS clients (`/proc/fs/nfsd/clients`), return them; none where no server runs. */
export function readNfsClients(root: string): NfsClient[] {
  const list = kernelNames(root)
  if (typeof list === 'string') return []
  return list.names.flatMap((name) => {
    const info = readKernelFile(`${root}/${name}/info`, 64 * 1024)
    const states = readKernelFile(`${root}/${name}/states`, 16 * 1024 * 1024)
    return typeof states === 'string' ? [] : [{ info: typeof info === 'string' ? '' : info.text, states: states.text }]
  })
}
