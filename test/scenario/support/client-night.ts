import { join } from 'node:path'
import type { Context } from 'mocha'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab } from '../../support/session/index.js'
import { skip } from '../../support/skip.js'
import {
  clientMachine,
  settingsOfClient,
  type ClientMachine,
  type ClientOptions,
} from '../../support/ssh/client-machine.js'
import { night, type Night, type NightOptions } from './night.js'
import { writeImage } from './set.js'

/** A backup set over ssh whose client has one image, `alice/Work.sparsebundle`, of five bands, each long past. */
export interface ClientSet {
  readonly lab: Lab
  readonly client: ClientMachine
  readonly stateFolder: string
  /** The image on the client. */
  readonly work: string
  /** Its copy in a section. */
  readonly copy: (section?: number) => string
  /** A whole session; what it left of the gate's log comes with it. */
  readonly night: (options?: NightOptions) => Promise<Night & { readonly gate: readonly string[] }>
}

export interface ClientSetOptions extends Omit<ClientOptions, 'place'> {
  readonly settings?: Readonly<Record<string, string>>
  readonly config?: Readonly<Record<string, unknown>>
  /** What LBackup's source is called; default: `source`. */
  readonly folderName?: string
}

const running: ClientMachine[] = []

export async function clientSet({
  settings,
  config,
  folderName = 'source',
  ...options
}: ClientSetOptions = {}): Promise<ClientSet> {
  const lab = makeLab({ settings: { ...settingsOfClient, ...settings } })
  const place = join(lab.folder, folderName)
  lab.set({ backupSource: place })
  const client = willStop(await clientMachine(lab, { ...options, place }))
  const stateFolder = protect(lab, { ...config, tools: { ssh: client.ssh } })
  const work = join(client.source, 'alice/Work.sparsebundle')
  writeImage(work, 'work')
  return {
    lab,
    client,
    stateFolder,
    work,
    copy: (section = 0) => join(lab.destination, `Section.${String(section)}`, folderName, 'alice/Work.sparsebundle'),
    async night(more) {
      const before = client.gateLog().length
      const result = await night('ours', lab, stateFolder, { ssh: client.ssh, ...more })
      return { ...result, gate: client.gateLog().slice(before) }
    },
  }
}

/** Given a client, return it, to be ended by `stopClients`. */
export function willStop(client: ClientMachine): ClientMachine {
  running.push(client)
  return client
}

/** For `afterEach`: ends every client of the test. */
export async function stopClients(): Promise<void> {
  for (const client of running.splice(0)) await client.stop()
}

/** For `before`: only root can give the client files of its own. */
export function needClient(context: Context): void {
  if (process.platform !== 'linux') skip(context, 'needs Linux')
  if (process.geteuid?.() !== 0) skip(context, 'only root can give a client files of its own')
}
