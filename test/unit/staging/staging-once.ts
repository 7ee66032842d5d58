import { endStaging } from '../../../lib/staging/remove.js'
import { stagingLab } from './lab.js'

// Run as a process of its own, which may be killed at any step: freezes the image and removes it again, as a night does, or
// (`anew`) freezes it anew, as a daemon does.

const [folder = '', what] = process.argv.slice(2)
const lab = stagingLab(folder, { made: true })
if (what === 'anew') await lab.stage({ run: null, spare: 'all' })
else {
  await lab.stage()
  await endStaging(lab.system, lab.stateFolder)
}
