import { once } from 'node:events'
import { duringRun } from '../../../lib/staging/freezing-lock.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'

// Run as a process of its own: the hook of a run that is at work in the staging folder until it is told to end.

const system = realSystem({ platform: 'linux', commandSeconds: 20 })
await duringRun(system, fromText(process.argv[2] ?? ''), async () => {
  process.stdout.write('at work')
  await once(process.stdin, 'data')
})
process.stdin.destroy()
