import { endStaging } from '../../../lib/staging/remove.js'
import { stagingLab } from './lab.js'

// Run as a process of its own, as a night does: freezes the image and removes it again, and may be killed at any step.

const lab = stagingLab(process.argv[2] ?? '', { made: true })
await lab.stage()
await endStaging(lab.system, lab.stateFolder)
