import { processIdentity } from '../lib/lbackup/process-chain.js'
import { readFileBounded } from '../lib/system/file.js'
import { abandonStaging } from '../lib/staging/abandon.js'
import { leave } from '../lib/system/leave.js'
import { realSystem } from '../lib/system/system.js'
import { fromText } from '../lib/text/raw-path.js'
import { clientEyes } from '../lib/watch/client-eyes.js'
import type { ClientOrder } from '../lib/watch/client-order.js'
import { watchClient } from '../lib/watch/client-watch.js'
import { realEyes } from '../lib/watch/eyes.js'
import type { WatchOrder } from '../lib/watch/order.js'
import { stayAwake } from '../lib/watch/awake.js'
import { watch } from '../lib/watch/watch.js'

// Started by the pre-backup hook, ended by the post-backup hook, or by itself. What goes wrong here has nobody to hear
// it: a journal without its end tells the post-backup hook.
const call = new AbortController()
process.on('SIGTERM', () => call.abort())
process.on('SIGHUP', () => undefined)

const mostBytes = 64 * 1024 * 1024
const { bytes } = readFileBounded(fromText(process.argv[2] ?? ''), mostBytes)
const order = JSON.parse(bytes.toString('utf8')) as WatchOrder | ClientOrder
const system = realSystem(order)
const me = await processIdentity(system)
if (me === undefined) leave(1)
else {
  const { pid, startTime } = me
  if (system.platform === 'macos') void stayAwake(system, pid, order.until)
  const begin = { event: 'begin', run: order.run, process: { pid, startTime } } as const
  if ('client' in order) {
    const eyes = clientEyes(order, call.signal)
    await watchClient(order, begin, eyes).finally(() => eyes.reaction?.end())
  } else {
    const eyes = realEyes(order, call.signal)
    await watch(order, begin, eyes).finally(() => eyes.reaction?.end())
    // Nobody called, so no post-backup hook will come. What stays the next pre-backup hook removes.
    if (order.staging === true && !call.signal.aborted) await abandonStaging(system, order.stateFolder, order.run)
  }
  leave(0)
}
