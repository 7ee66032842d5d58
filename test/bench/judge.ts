import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as fileModule from '../../lib/prove/manifest-file.js'
import type * as proveModule from '../../lib/prove/prove.js'
import type * as folderModule from '../../lib/system/folder.js'
import type { CopyLabel } from '../../lib/generated/copy.js'
import { fromText } from '../../lib/text/raw-path.js'
import { demand, inFolder, largeBundle, longAgo, name, request, section } from './large.js'
import { built, compare, milliseconds, programMilliseconds, type Figure } from './support.js'

const many = 131_072
const label = { madeAt: '2026-01-01T00:00:00Z' } as unknown as CopyLabel

/** Judging: a night in which nothing changed, one in which a hundredth did, and the memory that a million bands take. */
export async function benchJudge(): Promise<Figure[]> {
  return [await unchanged(), await hundredth(), await memory()]
}

function unchanged(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
    const { readManifest, writeManifest } = await built<typeof fileModule>('lib/prove/manifest-file.js')
    const { withFolder } = await built<typeof folderModule>('lib/system/folder.js')
    const source = largeBundle(join(folder, 'source'), many, 0)
    const older = section(join(folder, 'source'), join(folder, 'Section.1'))
    const first = await prove(request(source, older))
    demand(first)
    const copy = section(join(folder, 'source'), join(folder, 'Section.0'), join(folder, 'Section.1'))
    const write = (to: string, manifest: typeof first.manifest) => {
      mkdirSync(to)
      return withFolder(fromText(to), (held) => writeManifest(held, 'large', manifest, label))
    }
    const digests = write(join(folder, 'm'), first.manifest)
    let round = 0
    const subject = async (): Promise<number> => {
      round += 1
      const began = performance.now()
      const manifest = readManifest(fromText(join(folder, 'm')), 'large', 'sparse-bundle', digests)
      if ('unusable' in manifest) throw new Error(manifest.unusable)
      const proof = await prove(request(source, copy, { trusted: [{ image: fromText(older), manifest }] }))
      write(join(folder, `m${String(round)}`), proof.manifest)
      const took = performance.now() - began
      demand(proof, 0)
      return took
    }
    const reference = (): number => programMilliseconds('find', [source, copy, '-printf', '%s %i %T@\n'])
    return compare({ work: 'judge 131,072 unchanged bands', limit: 3, against: 'find -printf', subject, reference })
  })
}

function hundredth(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
    const [bands, bytes, changed] = [2048, 1024 * 1024, 20]
    const source = largeBundle(join(folder, 'source'), bands, bytes)
    const older = section(join(folder, 'source'), join(folder, 'Section.1'))
    const first = await prove(request(source, older))
    demand(first)
    for (let band = 0; band < changed; band += 1) {
      const path = join(source, 'bands', (band * 100).toString(16))
      writeFileSync(path, Buffer.alloc(bytes, band))
      utimesSync(path, longAgo + 100, longAgo + 100)
    }
    const copy = section(join(folder, 'source'), join(folder, 'Section.0'), join(folder, 'Section.1'))
    const before = bytesRead()
    const proof = await prove(
      request(source, copy, { trusted: [{ image: fromText(older), manifest: first.manifest }] }),
    )
    const read = bytesRead() - before
    demand(proof)
    const work = 'judge after 1 % of 2 GiB changed, bytes read'
    return { work, shown: `${String(read)} bytes`, value: read / (2 * changed * bytes), limit: 1.05 }
  })
}

/** By every read call of this process, whatever the page cache holds. */
const bytesRead = (): number => Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])

/** In a process of its own, the second night: a trusted manifest is read too. */
function memory(): Promise<Figure> {
  return inFolder((folder) => {
    const bands = 1_000_000
    const source = join(folder, 'source')
    const took = milliseconds(() => largeBundle(source, bands, 0))
    execFileSync('cp', ['-a', source, join(folder, 'Section.1')])
    execFileSync('cp', ['-al', join(folder, 'Section.1'), join(folder, 'Section.0')])
    const url = (module: string): string => JSON.stringify(new URL(`../../dist/${module}`, import.meta.url).href)
    const path = (section: string): string => JSON.stringify(fromText(join(folder, section, name)))
    const script = (copy: string, trusted: string): string => `
      import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
      const { prove } = await import(${url('lib/prove/prove.js')})
      const { readManifest, writeManifest } = await import(${url('lib/prove/manifest-file.js')})
      const { withFolder } = await import(${url('lib/system/folder.js')})
      const proof = await prove({ source: ${path('source')}, copy: ${copy}, container: 'sparse-bundle', lookedBefore: 0,
        copiedBefore: Date.now(), still: true, granularity: 1000, deadline: Infinity, trusted: ${trusted} })
      if (proof.result !== 'proven') throw new Error(JSON.stringify(proof.wrong).slice(0, 500))
      const to = ${JSON.stringify(join(folder, 'm'))} + ${JSON.stringify(String(trusted.length))}
      mkdirSync(to)
      const digests = withFolder(to, (held) => writeManifest(held, 'large', proof.manifest, { madeAt: 'x' }))
      writeFileSync(${JSON.stringify(join(folder, 'digests.json'))}, JSON.stringify({ to, digests }))
      console.log(process.resourceUsage().maxRSS)`
    const run = (text: string): number =>
      Number(execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' })) / 1024
    const first = run(script(path('Section.1'), '[]'))
    const { to, digests } = JSON.parse(readFileSync(join(folder, 'digests.json'), 'utf8')) as {
      to: string
      digests: object
    }
    const trusted = `[{ image: ${path('Section.1')}, manifest: readManifest(${JSON.stringify(to)}, 'large', 'sparse-bundle', ${JSON.stringify(digests)}) }]`
    const second = run(script(path('Section.0'), trusted))
    const shown = `first night ${first.toFixed(0)} MiB, second ${second.toFixed(0)} MiB (made in ${(took / 1000).toFixed(0)} s)`
    return Promise.resolve({ work: 'memory, 1,000,000 bands, MiB', shown, value: Math.max(first, second), limit: 400 })
  })
}
