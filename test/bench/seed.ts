import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as putModule from '../../lib/seed/put-in.js'
import type * as takeModule from '../../lib/seed/take-out.js'
import { fromText } from '../../lib/text/raw-path.js'
import { size } from '../../lib/text/measure.js'
import { mebibyte } from '../support/image-writer/sparse-bundle.js'
import { protect } from '../support/protect.js'
import { makeLab, runSession, type Lab } from '../support/session/index.js'
import { linking } from './keep.js'
import { inFolder, largeBundle, longAgo, name } from './large.js'
import { built, compare, milliseconds, type Figure } from './support.js'
import { vouchedCopy } from './vouched.js'

const [manyBands, fullBands, changedBands] = [131_072, 256, 8]

/** Linking a large copy to where its image lies tonight against `cp -al`, and what LBackup stores of an image that moved. */
export async function benchSeed(): Promise<Figure[]> {
  return [await linkingOne(), await storing()]
}

function linkingOne(): Promise<Figure> {
  return inFolder(async (folder) => {
    const { putSeedIn } = await built<typeof putModule>('lib/seed/put-in.js')
    const { takeSeedsOut } = await built<typeof takeModule>('lib/seed/take-out.js')
    const copy = await vouchedCopy(folder, manyBands, 0)
    const { section } = copy
    if (section === undefined) throw new Error('the copy lies in no section')
    mkdirSync(join(folder, 'target'))
    const { slot, container } = copy.known.label
    const image = { slot, container, copyPath: fromText(`.bob/${name}`), identity: '', ownerUid: 0 }
    const order = { section, backupDest: fromText(folder), runId: 'run' }
    const subject = (): number => {
      const took = milliseconds(() => {
        if (!putSeedIn({ image, copy }, order)) throw new Error('nothing was linked')
      })
      if (takeSeedsOut(order.backupDest, { sections: [section] }).length > 0) throw new Error('a seed was left')
      return took
    }
    const reference = linking(folder, copy.image)
    return compare({ work: 'seed 131,072 bands', limit: 1.2, against: 'cp -al', subject, reference })
  })
}

/** A 2 GiB image moves and 8 of its 256 bands change, with the hooks and without them. */
async function storing(): Promise<Figure> {
  const host = process.env['LBACKUP_SCRIPT'] ? 'LBackup' : 'our stand-in for LBackup'
  const [seeded, bare] = [await storedAfterMove(true), await storedAfterMove(false)]
  return {
    work: `${host} stores of a moved 2 GiB image, by changed bytes`,
    shown: `${size(seeded)}, without a seed ${size(bare)}`,
    value: seeded / (changedBands * 8 * mebibyte),
    limit: 1.02,
  }
}

function storedAfterMove(hooks: boolean): Promise<number> {
  return inFolder(async (folder) => {
    const lab = makeLab({}, folder)
    const home = join(lab.source, 'bob')
    largeBundle(home, fullBands, 8 * mebibyte)
    if (hooks) protect(lab, { watch: { mode: 'off' } })
    await oneNight(lab)
    renameSync(home, join(lab.source, '.bob'))
    for (let index = 0; index < changedBands; index += 1) {
      const band = join(lab.source, '.bob', name, 'bands', (index * 7).toString(16))
      writeFileSync(band, Buffer.alloc(8 * mebibyte, `changed ${String(index)}`))
      utimesSync(band, longAgo + 100, longAgo + 100)
    }
    await oneNight(lab)
    return storedAnew(lab)
  })
}

async function oneNight(lab: Lab): Promise<void> {
  const { exitCode, output } = await runSession(process.env['LBACKUP_SCRIPT'] ? 'real' : 'ours', lab)
  if (exitCode !== 0) throw new Error(output)
  rmSync(lab.logFile, { force: true })
}

/** Bytes on the disk of what Section.0 alone has, folders included. */
function storedAnew({ destination }: Lab): number {
  const section = join(destination, 'Section.0')
  return readdirSync(section, { recursive: true, encoding: 'utf8' }).reduce((sum, path) => {
    const stats = lstatSync(join(section, path))
    return stats.isFile() && stats.nlink > 1 ? sum : sum + statSync(join(section, path)).blocks * 512
  }, 0)
}
