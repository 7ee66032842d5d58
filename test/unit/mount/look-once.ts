import { lookAtUsage } from '../../../lib/mount/look.js'
import { lookAt } from '../../../lib/system/file.js'
import { realSystem } from '../../../lib/system/system.js'
import { fromText } from '../../../lib/text/raw-path.js'

// Prints what uses the sparse bundle whose path is the first argument.
const path = fromText(process.argv[2] ?? '')
const stats = lookAt(path)
if (stats === undefined) throw new Error('no such image')
const subject = { path, container: 'sparse-bundle', device: stats.dev, inode: stats.ino } as const
const usages = await lookAtUsage(realSystem({ platform: 'linux', commandSeconds: 10 }), [subject], {
  excludePids: [process.pid],
  quietSeconds: 2,
})
process.stdout.write(JSON.stringify(usages.get(path)))
