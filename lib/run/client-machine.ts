import { callClient, closeConnection } from '../client/call.js'
import type { Client } from '../client/client-type.js'
import { clientDiscovery } from '../client/discovery.js'
import { fetchMembers } from '../client/fetch.js'
import { demand, fingerprintsOf, lookAtClient } from '../client/looks.js'
import type { ClientFolder, ClientLook } from '../client/look-type.js'
import type { ClientMembers } from '../client/members.js'
import { recordedSystem } from '../client/recorded-system.js'
import { clientSide } from '../client/side.js'
import { clientStructure } from '../client/structure.js'
import { clientUsage, clientVolumes } from '../client/usage.js'
import { toHex } from '../client/words.js'
import { OperationalError } from '../finding/operational-error.js'
import type { Structure } from '../image/structure-type.js'
import { unseenStructure } from '../look/structure.js'
import { parsePasswd } from '../mount/user-names.js'
import { accountsOf } from '../session/accounts.js'
import { lookAtSessions } from '../session/sessions.js'
import type { Platform } from '../system/system.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import { userNames } from './owner-name.js'
import type { SourceMachine } from './source-machine.js'
import type { LookOrder } from './tasks.js'

/** What was seen of a client at one moment. */
interface Seen {
  readonly look: ClientLook
  readonly members: ReadonlyMap<RawPath, ClientMembers>
}

/** Given a client that answers, and which system it is, return it as the machine whose images are backed up. */
export function clientMachine(client: Client, platform: Platform): SourceMachine {
  // What the last look told; whoever uses the images is told by the same answer as the images, once.
  let last: Seen | undefined
  let isNews = false
  const see = async (paths: readonly RawPath[]): Promise<Seen> => {
    const look = await lookAtClient(client, paths)
    const { images } = await fingerprintsOf(client, look.images)
    last = { look, members: images }
    isNews = true
    return last
  }
  const seen = async (): Promise<Seen> => last ?? (await see([]))
  return {
    here: false,
    platform,
    async search(options) {
      const { look, members } = await see(options.roots)
      const discovery = clientDiscovery(look, options)
      const looks = discovery.images.map(({ path }) => structureOf({ look, members }, { path, inUse: false }))
      return { discovery, looks }
    },
    async look(orders) {
      if (orders.length === 0) return []
      try {
        const now = await see(orders.map(({ path }) => path))
        return orders.map((order) => structureOf(now, order))
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        return orders.map(() => unseenStructure(error))
      }
    },
    async accounts(images) {
      const { look } = await seen()
      return accountsOf(recordedSystem(look), images, foldersOf(look))
    },
    async uses(subjects, quietSeconds) {
      const told = last !== undefined && subjects.every(({ path }) => last?.members.has(path) === true)
      const now = last !== undefined && isNews && told ? last : await see(subjects.map(({ path }) => path))
      isNews = false
      return {
        usages: await clientUsage(now, subjects, quietSeconds),
        attached: await clientVolumes(now.look),
      }
    },
    async userNames() {
      const { look } = await seen()
      if (look.platform === 'macos') return userNames(recordedSystem(look))
      return parsePasswd(look.tools.get('passwd')?.output.toString('latin1') ?? '')
    },
    async sessions() {
      const { look } = await seen()
      return look.platform === 'macos' ? lookAtSessions(recordedSystem(look)) : { sessions: [], problems: [] }
    },
    async placeOf(path) {
      const { lines, status } = demand(client, 'exists', await callClient(client, 'exists', [toHex(path)]))
      const number = (key: string): number => Number(lines.find((line) => line.startsWith(`${key} `))?.split(' ')[1])
      if (status !== 'ok' || lines.includes('kind missing')) return undefined
      return { device: number('device'), inode: number('inode') }
    },
    side: (image) => clientSide(client, image),
    fetch: (image, members, into) => fetchMembers(client, image, members, into),
    close: () => closeConnection(client),
  }
}

function structureOf({ look, members }: Seen, { path, inUse }: Pick<LookOrder, 'path' | 'inUse'>): Structure {
  const image = look.images.find((one) => one.path === path)
  const there = members.get(path)
  if (image !== undefined && there !== undefined) return clientStructure(image, there, { inUse, linksAreNews: true })
  return unseenStructure(
    new OperationalError(
      'image-missing',
      `${printable(path)} is not there on the client.`,
      'See whether its user logged in or out meanwhile.',
      { cause: { code: 'ENOENT' } },
    ),
  )
}

/** The folders around the images, as the client told them. */
function foldersOf({ images }: ClientLook) {
  const folders = new Map<RawPath, ClientFolder>(
    images.flatMap(({ homes }) => homes.map((home) => [home.path, home] as const)),
  )
  return {
    namesIn: (folder: RawPath) => folders.get(folder)?.names,
    factsOf: (folder: RawPath) => {
      const facts = folders.get(folder)
      return facts === undefined ? undefined : { device: facts.device, ownerUid: facts.ownerUid }
    },
  }
}
