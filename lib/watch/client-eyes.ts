import { setTimeout as sleep } from 'node:timers/promises'
import type { WatchLine } from '../generated/watch.js'
import { letConnectionEnd } from '../client/call.js'
import { joiningArguments } from '../client/ssh.js'
import { command } from '../client/words.js'
import { isAlive } from '../lbackup/process-chain.js'
import { converse } from '../system/conversation.js'
import { appendText } from '../system/file.js'
import { realSystem } from '../system/system.js'
import type { ClientOrder } from './client-order.js'
import type { ClientEyes } from './client-watch.js'
import { takeBlockOut } from './eyes.js'
import { realHands } from './hands.js'
import { journalLine, journalPath } from './journal.js'
import { reaction } from './reaction.js'

/** Given an order and a signal by which the watch is called to its end, return what it hears its client by. */
export function clientEyes(order: ClientOrder, call: AbortSignal): ClientEyes {
  const { client, lbackup, stateFolder, tools } = order
  const { destination, interval, environment } = client
  const system = realSystem(order)
  const journal = journalPath(stateFolder)
  const tell = (line: WatchLine): void => appendText(journal, journalLine(line), { sync: true })
  return {
    now: () => Date.now(),
    called: () => call.aborted,
    // Called to its end, the watch waits no longer.
    wait: (milliseconds) => sleep(milliseconds, undefined, { signal: call }).catch(() => undefined),
    late: (milliseconds) => sleep(milliseconds, undefined, { ref: false }),
    lbackupLives: () => isAlive(system, lbackup),
    call(nonce, hear) {
      const words = command(nonce, 'watch', [String(interval)])
      const args = [...joiningArguments(client), '--', destination, words]
      return converse({ file: tools.ssh, args, env: environment }, hear)
    },
    takeBlockOut: () => takeBlockOut(order),
    letGo: () => letConnectionEnd({ system, ...client }),
    tell,
    ...(order.reaction === undefined ? {} : { reaction: reaction(order.reaction, realHands(order, system, tell)) }),
  }
}
