import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StagingBook } from '../../../lib/generated/staging.js'
import { readStaging } from '../../../lib/staging/book.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { simulatedMac, type SimulatedMac } from '../../support/mac/index.js'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab, type LabOptions } from '../../support/session/index.js'

/** Homes of a simulated Mac that LBackup sees through a staging folder, all on one volume. */
export interface StagedHomes {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
  readonly staging: string
  /** The folder of a user's slot in a section. */
  slotIn(name: string, section?: number): string
  /** A user's image in a section. */
  copy(name: string, section?: number): string
  book(): StagingBook | undefined
  /** Names in the staging folder. */
  standing(): string[]
}

/** Given a folder on the volume, users with FileVault homes and settings, make them. */
export function stagedHomes(
  folder: string,
  users: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
  options: LabOptions = {},
): StagedHomes {
  chmodSync(folder, 0o755)
  const staging = join(folder, 'staging')
  mkdirSync(staging, { mode: 0o755 })
  const lab = makeLab({ ...options, backupSource: staging }, folder)
  const mac = simulatedMac(lab.source)
  for (const name of users) mac.addUser(name, { fileVault: 'sparsebundle' })
  const stateFolder = protect(lab, {
    ...mac.configuration,
    search: { roots: [lab.source] },
    ...config,
    source: { mode: 'staging', reservePercent: 0, ...(config['source'] as object | undefined) },
  })
  const slotIn = (name: string, section = 0): string => {
    const root = join(lab.destination, `Section.${String(section)}`, 'staging')
    const slot = readdirSync(root).find((one) => one.startsWith(`${name}-`))
    return join(root, slot ?? 'no slot')
  }
  return {
    lab,
    mac,
    stateFolder,
    staging,
    slotIn,
    copy: (name, section) => join(slotIn(name, section), `${name}.sparsebundle`),
    book: () => readStaging(fromText(stateFolder)),
    standing: () => readdirSync(staging),
  }
}

/** Given two folders, the names of the files in them that are one file. */
export function sharedFiles(one: string, other: string): string[] {
  return readdirSync(one, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const [a, b] = [join(one, name), join(other, name)]
    if (!existsSync(b) || !lstatSync(a).isFile()) return false
    return lstatSync(a).ino === lstatSync(b).ino
  })
}
