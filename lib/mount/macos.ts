import { readKernelFile } from '../system/kernel-file.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { Clue } from './clue.js'
import type { HdiutilAnswer } from './hdiutil-answer.js'
import { sayAttached, type FileFacts } from './mac-attached.js'
import { sayOpen } from './mac-open.js'
import type { Watched } from './members.js'
import { parseMacMount, volumeOf } from './mount-output.js'
import { exportedFolder, parseExports } from './nfs-server.js'
import { sayUnknown, type Say } from './say.js'
import { noAnswer } from '../system/tool-answer.js'

/** Where the Mac's NFS server is told what to export, whether we see other users' processes, and whose files they are. */
export interface MacPlaces {
  readonly nfsExports: readonly string[]
  readonly root: boolean
  /** Of the machine that was asked; this one unless given. */
  readonly files?: FileFacts
  /** Folders that are exported besides those of `nfsExports`. */
  readonly exported?: readonly RawPath[]
}

/** Given images, return what this Mac tells about each, by its path: one call each of hdiutil, lsof and mount for all. */
export async function macClues(
  system: System,
  images: readonly Watched[],
  options: { excludePids: readonly number[]; attached?: HdiutilAnswer; places?: Partial<MacPlaces> },
): Promise<Map<RawPath, Clue[]>> {
  const places: MacPlaces = { nfsExports: ['/etc/exports'], root: process.geteuid?.() === 0, ...options.places }
  const clues = new Map<RawPath, Clue[]>(images.map(({ subject }) => [subject.path, []]))
  const say: Say = (image, clue) => void clues.get(image)?.push(clue)
  if (images.length === 0) return clues
  await Promise.all([
    sayAttached(system, images, say, options.attached, places.files),
    sayOpen(system, images, { ...options, root: places.root }, say),
    sayVolumes(system, images, places, say),
  ])
  return clues
}

async function sayVolumes(system: System, images: readonly Watched[], places: MacPlaces, say: Say): Promise<void> {
  const result = await system.tool('mount', [])
  const silent = noAnswer(result)
  if (silent !== undefined) sayUnknown(images, say, `${silent}; without it network volumes cannot be told apart`)
  const volumes = silent === undefined ? parseMacMount(result.stdout) : []
  const exported = places.nfsExports.flatMap((path) => {
    const table = readKernelFile(path, 16 * 1024 * 1024)
    return typeof table === 'string' ? [] : parseExports(table.text)
  })
  exported.push(...(places.exported ?? []))
  for (const { subject } of images) {
    const volume = volumeOf(volumes, subject.path)
    const unknown = (what: string, cure: string): void =>
      say(subject.path, {
        says: 'unknown',
        evidence: `${what}, and who uses it there cannot be seen from here: ${cure}`,
      })
    if (silent === undefined && volume === undefined) {
      unknown(`${system.tools.mount} does not name the volume it lies on`, 'run it by hand and look at what it prints')
    } else if (volume !== undefined && !volume.local) {
      unknown(`it lies on ${printable(volume.point)}, a network volume (${volume.type})`, 'run LBackup on the server')
    }
    const folder = volume?.exported === true ? volume.point : exportedFolder(exported, subject.path)
    if (folder !== undefined) {
      unknown(`it lies in ${printable(folder)}, which this Mac exports by NFS`, 'back it up with copy-and-prove')
    }
  }
}
