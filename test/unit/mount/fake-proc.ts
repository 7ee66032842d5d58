import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LinuxPlaces } from '../../../lib/mount/linux.js'
import { temporaryFolder } from '../../support/temporary.js'

/** What stands in the kernel's folders of a machine that is not this one. */
export interface FakeProc {
  /** Programs by pid, and the files each has open. */
  processes?: Record<
    number,
    { program: string; open?: string[]; parentPid?: number; fuse?: true; arguments?: string[] }
  >
  locks?: string
  mounts?: string[]
  /** Backing files by loop device. */
  loops?: Record<string, string>
  exports?: string
  nfsClients?: { info: string; states: string }[]
}

const rootMount = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw'

/** Makes these folders for one test. */
export function fakeProc(machine: FakeProc): LinuxPlaces {
  const folder = temporaryFolder()
  const processes = join(folder, 'proc')
  mkdirSync(join(processes, 'self'), { recursive: true })
  mkdirSync(join(folder, 'block'))
  writeFileSync(join(processes, 'locks'), machine.locks ?? '')
  writeFileSync(join(processes, 'self/mountinfo'), [rootMount, ...(machine.mounts ?? []), ''].join('\n'))
  for (const [pid, one] of Object.entries(machine.processes ?? { 1: { program: 'init' } })) {
    mkdirSync(join(processes, pid, 'fd'), { recursive: true })
    const parentPid = String(one.parentPid ?? 1)
    writeFileSync(join(processes, pid, 'stat'), `${pid} (${one.program}) S ${parentPid} 1 1 0 -1 4194560 0 0`)
    writeFileSync(join(processes, pid, 'cmdline'), (one.arguments ?? []).join('\0'))
    const open = [...(one.open ?? []), ...(one.fuse === true ? ['/dev/fuse'] : [])]
    open.forEach((path, at) => symlinkSync(path, join(processes, pid, 'fd', String(at + 3))))
  }
  for (const [name, backing] of Object.entries(machine.loops ?? {})) {
    mkdirSync(join(folder, 'block', name, 'loop'), { recursive: true })
    writeFileSync(join(folder, 'block', name, 'loop/backing_file'), `${backing}\n`)
    writeFileSync(join(folder, 'block', name, 'dev'), `7:${name.replace('loop', '')}\n`)
  }
  writeFileSync(join(folder, 'etab'), machine.exports ?? '')
  for (const [at, client] of (machine.nfsClients ?? []).entries()) {
    mkdirSync(join(folder, 'clients', String(at)), { recursive: true })
    writeFileSync(join(folder, 'clients', String(at), 'info'), client.info)
    writeFileSync(join(folder, 'clients', String(at), 'states'), client.states)
  }
  return {
    processes,
    blockDevices: join(folder, 'block'),
    nfsExports: [join(folder, 'etab'), join(folder, 'none')],
    nfsClients: join(folder, 'clients'),
    passwd: '/etc/passwd',
  }
}
