import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from '../../lib/client/client-type.js'
import type * as looksModule from '../../lib/client/looks.js'
import type * as sideModule from '../../lib/client/side.js'
import type * as proveModule from '../../lib/prove/prove.js'
import { realSystem } from '../../lib/system/system.js'
import { fromText } from '../../lib/text/raw-path.js'
import { makeLab } from '../support/session/index.js'
import { clientMachine, settingsOfClient } from '../support/ssh/client-machine.js'
import { demand, largeBundle, name, request, section } from './large.js'
import { built, compare, programMilliseconds, type Figure } from './support.js'

const many = 131_072

/** A client behind a real sshd: the members of a large image, and a night in which nothing changed. Needs root. */
export async function benchClient(): Promise<Figure[]> {
  if (process.geteuid?.() !== 0) return []
  const lab = makeLab({ settings: settingsOfClient })
  const shell = join(lab.folder, 'shell')
  writeFileSync(
    shell,
    `#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in\nlbackup-filevault-client*) exec '${lab.folder}/client/program/ssh-gate' ;;\n*) eval "$SSH_ORIGINAL_COMMAND" ;;\nesac\n`,
    { mode: 0o755 },
  )
  const machine = await clientMachine(lab, { forced: shell })
  try {
    const system = realSystem({ platform: 'linux', tools: { ssh: machine.ssh }, commandSeconds: 600 })
    const client: Client = { system, destination: 'root@client', control: undefined, callSeconds: 600 }
    return [
      await fingerprints(client, machine.ssh, machine.source, lab.source),
      await unchanged(client, machine.source, lab),
    ]
  } finally {
    await machine.stop()
  }
}

async function fingerprints(client: Client, ssh: string, there: string, source: string): Promise<Figure> {
  const { fingerprintsOf } = await built<typeof looksModule>('lib/client/looks.js')
  largeBundle(join(there, 'many'), many, 0)
  const path = join(source, 'many', name)
  const subject = async (): Promise<number> => {
    const began = performance.now()
    const { images } = await fingerprintsOf(client, [{ path: fromText(path), container: 'sparse-bundle' }])
    const took = performance.now() - began
    const members = images.get(fromText(path))?.table.length ?? 0
    if (members < many) throw new Error(`told ${String(members)} members`)
    return took
  }
  const find = `find ${path} -printf '%y %s %T@ %C@ %i %n %P\\n'`
  const reference = (): number => programMilliseconds(ssh, ['root@client', find])
  return compare({ work: 'fingerprints of 131,072 bands over ssh', limit: 2, against: 'ssh find', subject, reference })
}

async function unchanged(client: Client, there: string, lab: ReturnType<typeof makeLab>): Promise<Figure> {
  const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
  const { clientSide } = await built<typeof sideModule>('lib/client/side.js')
  mkdirSync(join(there, 'large'))
  largeBundle(join(there, 'large'), 2048, 1024 * 1024)
  const older = section(join(there, 'large'), join(lab.destination, 'Section.1'))
  const copy = section(join(there, 'large'), join(lab.destination, 'Section.0'), join(lab.destination, 'Section.1'))
  const path = join(lab.source, 'large', name)
  const side = clientSide(client, { path: fromText(path), container: 'sparse-bundle' })
  const first = await prove(request(path, older, { side }))
  demand(first)
  const trusted = [{ image: fromText(older), read: () => first.manifest }]
  const second = await prove(request(path, copy, { side, trusted }))
  demand(second, 0)
  const work = 'compare an unchanged 2 GiB image over ssh, bands read'
  return {
    work,
    shown: `${String(second.counts.read)} files, first night ${first.counts.seconds.toFixed(0)} s`,
    value: second.counts.read,
    limit: 0,
  }
}
