import { endStaging } from '../../../lib/staging/remove.js'
import { realSystem } from '../../../lib/system/system.js'
import { stagingLab } from './lab.js'

// Run as a process of its own, which may be killed at any step: freezes the image and removes it again, as a night does, or
// (`anew`) freezes it anew, as a daemon does. With a program for btrfs, the image is in use and taken from a snapshot.

const [folder = '', what, btrfs] = process.argv.slice(2)
const tools = btrfs === undefined ? {} : { btrfs }
const lab = stagingLab(folder, { made: true, system: realSystem({ platform: 'linux', tools, commandSeconds: 20 }) })
if (what === 'anew') await lab.stage({ run: null, spare: 'all' })
else {
  await lab.stage({ images: [lab.subject({ atRest: btrfs === undefined })] })
  await endStaging(lab.system, lab.stateFolder)
}
