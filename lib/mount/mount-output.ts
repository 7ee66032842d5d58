import type { Buffer } from 'node:buffer'
import { fromBytes, isWithin, type RawPath } from '../text/raw-path.js'

/** One mounted volume of a Mac. */
export interface MacVolume {
  readonly point: RawPath
  readonly source: RawPath
  /** `hfs`, `apfs`, `smbfs` … */
  readonly type: string
  /** Its data lies on this machine; network volumes lack the flag. */
  readonly local: boolean
  /** Other machines may mount it from here by NFS. */
  readonly exported: boolean
}

/**
 * Given the output of the macOS `mount` command, return the volumes; lines look like
 * `/dev/disk1s1 on /Volumes/Other (hfs, local, journaled)` (mount manual page; flags `local` and `NFS exported` are
 * printed from MNT_LOCAL and MNT_EXPORTED). Lines of another form are left out.
 */
export function parseMacMount(output: Buffer): MacVolume[] {
  return fromBytes(output)
    .split('\n')
    .flatMap((line) => {
      // Names of volumes may hold anything: a pattern would try every ` on ` with every bracket.
      const [on, bracket] = [line.indexOf(' on /'), line.lastIndexOf(' (')]
      const inBrackets = line.slice(bracket + 2, -1)
      if (on < 0 || bracket < on + 5 || !line.endsWith(')') || /[()]/u.test(inBrackets)) return []
      const [type = '', ...flags] = inBrackets.split(', ')
      return [
        {
          source: line.slice(0, on) as RawPath,
          point: line.slice(on + 4, bracket) as RawPath,
          type,
          local: flags.includes('local'),
          exported: flags.includes('NFS exported'),
        },
      ]
    })
}

/** Given mounted volumes and a path, return the volume the path lies on: the innermost, and of equals the last mounted. */
export function volumeOf<Volume extends { readonly point: RawPath }>(
  volumes: readonly Volume[],
  path: RawPath,
): Volume | undefined {
  let found: Volume | undefined
  for (const volume of volumes) {
    if (isWithin(path, volume.point) && volume.point.length >= (found?.point.length ?? 0)) found = volume
  }
  return found
}
