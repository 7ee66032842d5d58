import { kernelNames, readKernelFile } from '../system/kernel-file.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { linuxPlaces, type LinuxPlaces } from './linux.js'
import { exportedFolder, parseExports } from './nfs-server.js'
import { parseProcessStat, servesOthers } from './process-list.js'

/**
 * Given a path, tell why other machines may open what lies there through this one, half a sentence; undefined: they
 * cannot. Which folders smbd and others serve is not known here, so that one of them is enough. Linux.
 */
export function whyExported(path: RawPath, given: Partial<LinuxPlaces> = {}): string | undefined {
  const places = { ...linuxPlaces, ...given }
  for (const table of places.nfsExports) {
    const read = readKernelFile(table, 16 * 1024 * 1024)
    if (read === 'denied') return `${table} cannot be read, so it is not known whether it is exported by NFS`
    const folder = read === 'gone' ? undefined : exportedFolder(parseExports(read.text), path)
    if (folder !== undefined) return `it lies in ${printable(folder)}, which this machine exports by NFS`
  }
  const all = kernelNames(places.processes)
  if (typeof all === 'string') return `${places.processes} cannot be read, so it is not known who serves it to others`
  for (const name of all.names) {
    if (!/^\d+$/.test(name)) continue
    const stat = readKernelFile(`${places.processes}/${name}/stat`)
    const program = typeof stat === 'string' ? undefined : parseProcessStat(stat.text)?.program
    if (program !== undefined && servesOthers(program)) return `this machine serves files to others (${program})`
  }
  return undefined
}
