import { buildImage } from '../../../lib/keep/build-image.js'
import { swapIn } from '../../../lib/keep/swap.js'
import { finishWork, openWork } from '../../../lib/keep/work-folder.js'
import { readSections, section, type Section } from '../../../lib/lbackup/sections.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { OperationalError } from '../../../lib/finding/operational-error.js'
import { copyPath, name } from './lab.js'

// Run as a process of its own: puts the older copy in its place, as an older copy is kept, and may be killed at any step.

const [destination = '', older = ''] = process.argv.slice(2)
try {
  const work = openWork(fromText(destination), 'run-1', 'bob')
  try {
    buildImage({ from: fromText(older), container: 'sparse-bundle', into: work.built, name, how: 'link' })
    const zero = section(readSections(fromText(destination)), 0) as Section
    swapIn({ work, section: zero, copyPath, name })
  } finally {
    finishWork(work, fromText(destination))
  }
} catch (error) {
  if (!(error instanceof OperationalError)) throw error
  process.stdout.write(error.code)
  process.exitCode = 3
}
