import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
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
      const read = () => {
        const manifest = readManifest(fromText(join(folder, 'm')), 'large', 'sparse-bundle', digests)
        if ('unusable' in manifest) throw new Error(manifest.unusable)
        return manifest
      }
      const proof = await prove(request(source, copy, { trusted: [{ image: fromText(older), read }] }))
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
      request(source, copy, { trusted: [{ image: fromText(older), read: () => first.manifest }] }),
    )
    const read = bytesRead() - before
    demand(proof)
    const work = 'judge after 1 % of 2 GiB changed, bytes read'
    return { work, shown: `${String(read)} bytes`, value: read / (2 * changed * bytes), limit: 1.05 }
  })
}

/** By every read call of this process, whatever the page cache holds. */
const bytesRead = (): number => Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])

/** Each in a process of its own: a first night, later ones with two and three trusted manifests, and a repair. */
function memory(): Promise<Figure> {
  return inFolder((folder) => {
    const bands = 1_000_000
    const took = milliseconds(() => makeSections(folder, bands))
    const first = run(folder, [['Section.1', '[]']], 'wrong')
    // Each is read, since one band was copied tonight.
    const older = '{ image: path("Section.1"), read: readOlder }'
    const two = run(folder, [['Section.0', `[${older}, ${older}]`]], 'proven')
    const three = run(folder, [['Section.0', `[${older}, ${older}, ${older}]`]], 'proven')
    const own = '[{ image: path("Section.0"), read: () => proofs[0].manifest }]'
    const repair = run(
      folder,
      [
        ['Section.0', `[${older}, ${older}]`],
        ['work', own],
      ],
      'proven',
    )
    const figures = { 'first night': first, 'two trusted': two, 'three trusted': three, repair }
    const shown = Object.entries(figures).map(([what, mebibytes]) => `${what} ${mebibytes.toFixed(0)}`)
    return Promise.resolve({
      work: 'memory, 1,000,000 bands, MiB',
      shown: `${shown.join(', ')} (made in ${(took / 1000).toFixed(0)} s)`,
      value: Math.max(...Object.values(figures)),
      limit: 400,
    })
  })
}

/** An image, an older section without its newest band's content, tonight's, and one in which a member was copied again. */
function makeSections(folder: string, bands: number): void {
  const bandOf = (place: string, band: string): string => join(folder, place, name, 'bands', band)
  const replace = (place: string, band: string): void => {
    rmSync(bandOf(place, band))
    execFileSync('cp', ['-p', bandOf('source', band), bandOf(place, band)])
  }
  largeBundle(join(folder, 'source'), bands, 0)
  execFileSync('cp', ['-a', join(folder, 'source'), join(folder, 'Section.1')])
  writeFileSync(bandOf('source', '1'), 'new')
  utimesSync(bandOf('source', '1'), longAgo + 100, longAgo + 100)
  execFileSync('cp', ['-al', join(folder, 'Section.1'), join(folder, 'Section.0')])
  replace('Section.0', '1')
  execFileSync('cp', ['-al', join(folder, 'Section.0'), join(folder, 'work')])
  replace('work', '2')
}

/** Proves copies one after the other, each with its trusted ones, as a night does, and returns the most memory in MiB. */
function run(folder: string, proofs: readonly (readonly [copy: string, trusted: string])[], result: string): number {
  const url = (module: string): string => JSON.stringify(new URL(`../../dist/${module}`, import.meta.url).href)
  const script = `
    import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
    const { prove } = await import(${url('lib/prove/prove.js')})
    const { readManifest, writeManifest } = await import(${url('lib/prove/manifest-file.js')})
    const { withFolder } = await import(${url('lib/system/folder.js')})
    const folder = ${JSON.stringify(fromText(folder))}
    const path = (place) => folder + '/' + place + '/' + ${JSON.stringify(name)}
    const older = folder + '/older'
    const readOlder = () => {
      const manifest = readManifest(older, 'large', 'sparse-bundle', JSON.parse(readFileSync(older + '.json')))
      if ('unusable' in manifest) throw new Error(manifest.unusable)
      return manifest
    }
    const proofs = []
    const proofOf = (copy, trusted) => prove({ source: path('source'), copy: path(copy), container: 'sparse-bundle',
      lookedBefore: 0, copiedBefore: Date.now(), still: true, granularity: 1000, deadline: Infinity, trusted })
    ${proofs.map(([copy, trusted]) => `proofs.push(await proofOf(${JSON.stringify(copy)}, ${trusted}))`).join('\n')}
    const { result, wrong, manifest } = proofs.at(-1)
    if (result !== ${JSON.stringify(result)}) throw new Error(result + JSON.stringify(wrong).slice(0, 500))
    const to = existsSync(older) ? folder + '/tonight ' + process.pid : older
    mkdirSync(to)
    const digests = withFolder(to, (held) => writeManifest(held, 'large', manifest, { madeAt: 'x' }))
    writeFileSync(to + '.json', JSON.stringify(digests))
    console.log(process.resourceUsage().maxRSS)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) / 1024
}
