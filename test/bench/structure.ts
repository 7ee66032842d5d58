import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as structureModule from '../../lib/look/structure.js'
import { fromText } from '../../lib/text/raw-path.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

const bands = 131_072
const work = 'structure of 131,072 bands'

/** The structure check of a bundle of 131,072 bands, against `find -printf` over it; and what memory it takes. */
export async function benchStructure(): Promise<Figure[]> {
  const { lookAtStructure } = await built<typeof structureModule>('lib/look/structure.js')
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-bench-'))
  const path = join(folder, 'large.sparsebundle')
  try {
    writeSparseBundle(path, { bandSize: 8 * mebibyte, virtualBytes: bands * 8 * mebibyte })
    for (let index = 0; index < bands; index += 1) writeFileSync(join(path, 'bands', index.toString(16)), '')
    const image = { path: fromText(path), container: 'sparse-bundle' } as const
    const subject = (): number =>
      milliseconds(() => {
        const { counts } = lookAtStructure(image, { inUse: false })
        if (counts.bands !== bands) throw new Error(`counted ${String(counts.bands)} bands`)
      })
    const reference = (): number => programMilliseconds('find', [path, '-printf', '%s %i %T@\n'])
    return [await compare({ work, limit: 1.3, against: 'find -printf', subject, reference }), peakMemory(path)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** In a process of its own, in a worker as in a real run: peak memory never goes down again. */
function peakMemory(path: string): Figure {
  const url = (module: string): string => JSON.stringify(new URL(`../../dist/${module}`, import.meta.url).href)
  const script = `
    const { inWorker } = await import(${url('lib/system/worker.js')})
    const orders = [{ path: ${JSON.stringify(fromText(path))}, container: 'sparse-bundle', inUse: false }]
    const [looked] = await inWorker(new URL(${url('lib/run/tasks.js')}), 'look', orders, { timeoutSeconds: 120 })
    if (looked.counts.bands !== ${String(bands)}) throw new Error(JSON.stringify(looked))
    console.log(process.resourceUsage().maxRSS)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  const mebibytes = Number(output) / 1024
  return { work: `${work}, peak MiB`, shown: `${mebibytes.toFixed(0)} MiB`, value: mebibytes, limit: 200 }
}
