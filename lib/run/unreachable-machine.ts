import type { OperationalError } from '../finding/operational-error.js'
import { unseenStructure } from '../look/structure.js'
import type { SourceMachine } from './source-machine.js'

/** Given why a client cannot be reached after the copy, return it as a machine of which nothing can be found out. */
export function unreachableMachine(error: OperationalError): SourceMachine {
  const fail = (): Promise<never> => Promise.reject(error)
  return {
    here: false,
    platform: 'linux',
    search: fail,
    look: (orders) => Promise.resolve(orders.map(() => unseenStructure(error))),
    accounts: fail,
    uses: () => Promise.resolve({ usages: new Map(), attached: { volumes: [], problems: [error.message] } }),
    userNames: fail,
    sessions: fail,
    placeOf: fail,
    side: () => ({ look: fail, changedRows: fail, linkTarget: () => undefined }),
    fetch: fail,
    close: () => Promise.resolve(),
  }
}
