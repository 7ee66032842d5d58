import type { RawPath } from '../text/raw-path.js'

/** One line of `/proc/PID/mountinfo`. */
export interface LinuxMount {
  readonly point: RawPath
  /** `major:minor`, decimal, as the kernel names the file system. */
  readonly device: string
  readonly type: string
  readonly source: RawPath
}

/**
 * Given the text of a mountinfo file, return its mounts in their order; blanks, tabs, newlines and backslashes are
 * written in octal (proc(5)). Lines of another form are left out.
 */
export function parseMountinfo(text: string): LinuxMount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    // Any number of optional fields stand before a lone dash.
    const dash = fields.indexOf('-', 6)
    const [device, point, type, source] = [fields[2], fields[4], fields[dash + 1], fields[dash + 2]]
    if (dash < 0 || device === undefined || point === undefined || type === undefined) return []
    return [{ point: unescape(point), device, type, source: unescape(source ?? '') }]
  })
}

/** Given a name as the kernel writes it in a table (`\040` for a blank), return its bytes. */
export function unescape(text: string): RawPath {
  return text.replace(/\\([0-3][0-7]{2})/gu, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  ) as RawPath
}

/** Given a device number as `stat` returns it on Linux, return it as `major:minor`, decimal (gnu_dev_major, makedev(3)). */
export function deviceText(device: number): string {
  const high = Math.floor(device / 2 ** 32)
  const low = device >>> 0
  const major = ((low >>> 8) & 0xfff) | (high & ~0xfff)
  const minor = (low & 0xff) | ((low >>> 12) & ~0xff)
  return `${String(major)}:${String(minor)}`
}

const network = new Set(
  (
    '9p afpfs afs beegfs ceph cifs coda davfs gfs2 glusterfs gpfs kafs lustre moosefs ncpfs nfs nfs4 ocfs2 orangefs ' +
    'pvfs2 smb3 smbfs vboxsf virtiofs vmhgfs'
  ).split(' '),
)
// What these FUSE programs show lies on this machine; of all others it cannot be told from here.
const localFuse = new Set(
  'fuse.apfs-fuse fuse.bindfs fuse.encfs fuse.exfat fuse.gocryptfs fuse.lxcfs fuse.mergerfs fuse.ntfs fuse.ntfs-3g'.split(
    ' ',
  ),
)

/** Given a file system type of mountinfo, tell whether other machines may hold files on it without our seeing them. */
export function othersMayUse(type: string): boolean {
  return network.has(type) || ((type === 'fuse' || type.startsWith('fuse.')) && !localFuse.has(type))
}

/** Given a file system type of mountinfo, tell whether a program serves it. */
export const isFuse = (type: string): boolean => type === 'fuse' || type === 'fuseblk' || type.startsWith('fuse.')

// Programs that show what an image holds: a bundle as one file, or the volume inside.
const imageFuse = new Set(
  'apfs apfs-fuse darling-dmg dmgfuse fsapfsmount fshfsmount hfsfuse modimount sparsebundlefs vfuse'.split(' '),
)

/**
 * Given a mount, return the FUSE program by which it shows an image; undefined for all others. The program stands in the
 * type (`fuse.sparsebundlefs`) or, where it named no subtype, as the source (mount.fuse(8), options subtype and fsname).
 */
export function imageProgram({ type, source }: Pick<LinuxMount, 'type' | 'source'>): string | undefined {
  const name = type === 'fuse' ? source : /^fuse\.(.*)$/u.exec(type)?.[1]
  return name !== undefined && imageFuse.has(name) ? name : undefined
}
