import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type * as markModule from '../../lib/keep/section-mark.js'
import type * as sectionsModule from '../../lib/lbackup/sections.js'
import type * as proveModule from '../../lib/prove/prove.js'
import type * as fileModule from '../../lib/prove/manifest-file.js'
import type * as folderModule from '../../lib/system/folder.js'
import type { CopyLabel } from '../../lib/generated/copy.js'
import type { StandingCopy } from '../../lib/keep/standing-type.js'
import { fromText } from '../../lib/text/raw-path.js'
import { demand, largeBundle, name, request, section } from './large.js'
import { built } from './support.js'

/** Given a folder, makes an image there and a proven copy of it in its Section.N. */
export async function vouchedCopy(folder: string, bands: number, number: number): Promise<StandingCopy> {
  const { prove } = await built<typeof proveModule>('lib/prove/prove.js')
  const { writeManifest } = await built<typeof fileModule>('lib/prove/manifest-file.js')
  const { withFolder } = await built<typeof folderModule>('lib/system/folder.js')
  const { sectionMark } = await built<typeof markModule>('lib/keep/section-mark.js')
  const { readSections } = await built<typeof sectionsModule>('lib/lbackup/sections.js')
  const source = largeBundle(join(folder, 'source'), bands, 0)
  const path = join(folder, `Section.${String(number)}`)
  const image = section(join(folder, 'source'), path)
  const proof = await prove(request(source, image))
  demand(proof)
  const held = join(path, '.lbackup-filevault')
  mkdirSync(held, { mode: 0o700 })
  const rest = {
    run: 'run-1',
    madeAt: '2026-01-01T00:00:00Z',
    verdict: 'proven',
    identity: null,
    path: `/Users/${name}`,
    copyPath: name,
    container: 'sparse-bundle',
    members: bands,
  } as Omit<CopyLabel, 'schema' | 'slot' | 'manifest'>
  const manifest = withFolder(fromText(held), (to) => writeManifest(to, 'large', proof.manifest, rest))
  const found = readSections(fromText(folder)).sections.find((one) => one.number === number)
  if (found === undefined) throw new Error(`there is no Section.${String(number)}`)
  return {
    known: { label: { ...rest, schema: 'copy/1', slot: 'large', manifest }, place: { section: sectionMark(found) } },
    image: fromText(image),
    manifestFolder: fromText(held),
    section: found,
  }
}
