import type { Context } from 'mocha'
import { hosts, makeLab, needHost, type Host, type Lab, type LabOptions } from '../../support/session/index.js'
import { clientMachine, settingsOfClient } from '../../support/ssh/client-machine.js'
import { needClient, willStop } from './client-night.js'

/** Where the images of a set lie: on this machine's disk, or on a client that LBackup pulls from over ssh. */
export type Over = 'disk' | 'ssh'

/** What one suite runs through. */
export interface Way {
  readonly host: Host
  readonly over: Over
  readonly told: string
}

const names = { ours: 'our stand-in', real: 'the real LBackup' }

export const ways: readonly Way[] = (['disk', 'ssh'] as const).flatMap((over) =>
  hosts.map((host) => ({ host, over, told: `with ${names[host]}${over === 'ssh' ? ', over ssh' : ''}` })),
)
/** Those with our stand-in. */
export const ourWays: readonly Way[] = ways.filter(({ host }) => host === 'ours')

/** For `before`: skips the suite where it cannot run this way. */
export function needWay(context: Context, { host, over }: Way): void {
  needHost(context, host)
  if (over === 'ssh') needClient(context)
}

/** As `makeLab`; over ssh, what lies in its source is seen by the client alone. Needs `afterEach(stopClients)` then. */
export async function labOver(over: Over, options: LabOptions = {}): Promise<Lab> {
  if (over === 'disk') return makeLab(options)
  const lab = makeLab({ ...options, settings: { ...settingsOfClient, ...options.settings } })
  const client = willStop(await clientMachine(lab))
  return { ...lab, source: client.source, client }
}
