import { combine, type Clue } from '../mount/clue.js'
import type { AttachedVolume, AttachedVolumes } from '../mount/attached-volume.js'
import { askHdiutil } from '../mount/hdiutil-answer.js'
import { volumesOf } from '../mount/linux-volumes.js'
import { macClues } from '../mount/macos.js'
import { keyNames, type KeyFile, type Watched } from '../mount/members.js'
import { parseExports } from '../mount/nfs-server.js'
import type { Usage, UsageSubject } from '../mount/usage.js'
import { printable } from '../text/printable.js'
import { join, type RawPath } from '../text/raw-path.js'
import { toolText, type ClientLook } from './look-type.js'
import type { ClientMembers } from './members.js'
import { recordedSystem } from './recorded-system.js'
import { linuxClues, loopsOf, mountsOf } from './usage-linux.js'

/** What is needed to tell who uses an image on a client. */
export interface ClientUsageFacts {
  readonly look: ClientLook
  /** By the image's path. */
  readonly members: ReadonlyMap<RawPath, ClientMembers>
}

/**
 * Given what a client told and images on it, return the usage of each, by its path, from the same clues as on this
 * machine. What the client did not tell makes `unknown`.
 */
export async function clientUsage(
  { look, members }: ClientUsageFacts,
  subjects: readonly UsageSubject[],
  quietSeconds: number,
): Promise<Map<RawPath, Usage>> {
  const images = subjects.map((subject) => watchedThere(subject, members.get(subject.path)))
  const clues = look.platform === 'macos' ? await macCluesOf(look, images) : linuxClues(look, images)
  return new Map(
    images.map(({ subject, problem }) => {
      const all = [...(problem === undefined ? [] : [problem]), ...(clues.get(subject.path) ?? [])]
      return [subject.path, combine(all, subject.looks, quietSeconds)]
    }),
  )
}

/** Given what a client told, return where volumes of images are mounted on it. */
export async function clientVolumes(look: ClientLook): Promise<AttachedVolumes> {
  if (look.platform === 'linux') return { volumes: volumesOf(mountsOf(look), loopsOf(look)), problems: [] }
  const { attached, problem } = await askHdiutil(recordedSystem(look))
  const volumes = attached.flatMap(({ imagePath, mountPoints }): AttachedVolume[] =>
    mountPoints.map((mountPoint) => ({ mountPoint, image: printable(imagePath) })),
  )
  return { volumes, problems: problem === undefined ? [] : [`which images are attached is not known: ${problem}`] }
}

const moved: Clue = {
  says: 'changing',
  evidence: 'it is not where it was found a moment ago: moved, replaced or deleted',
}

/** Inode and device as the client sees them; a bundle's members lie on the device of the bundle. */
function watchedThere(subject: UsageSubject, members: ClientMembers | undefined): Watched {
  if (members?.own === undefined || members.own.inode !== subject.inode) return { subject, files: [], problem: moved }
  const file = (name: RawPath, path: RawPath, inode: number, links: number): KeyFile => {
    return { name, path, device: subject.device, inode, links }
  }
  const { table, links } = members
  const names = table.parts.find(({ part }) => part === '')?.names.others ?? []
  if (subject.container === 'sparse-image') {
    const [name] = names
    return {
      subject,
      files: name === undefined ? [] : [file(name, subject.path, members.own.inode, members.own.links)],
    }
  }
  const files = keyNames.flatMap((name) => {
    const row = (names as readonly string[]).indexOf(name)
    if (row < 0) return []
    const raw = name as string as RawPath
    return [file(raw, join(subject.path, name), table.inode[row] as number, links[row] as number)]
  })
  return { subject, files }
}

function macCluesOf(look: ClientLook, images: readonly Watched[]): Promise<Map<RawPath, Clue[]>> {
  const files = {
    identityOf: (path: RawPath) => look.identities.get(path) ?? 'gone',
    realPath: () => undefined,
  }
  return macClues(recordedSystem(look), images, {
    // Nothing of ours runs on the client while it looks.
    excludePids: [],
    places: { nfsExports: [], exported: parseExports(toolText(look, 'exports')), root: true, files },
  })
}
