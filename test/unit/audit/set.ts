import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Audit, AuditSection, AuditSlot } from '../../../lib/generated/audit.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'
import { isDocument } from '../cli/document.js'
import { runCli } from '../cli/run.js'

export const longAgo = 1_600_000_000

/** A source with the image `bob/bob.sparsebundle`, all of it written long ago, and sections that rsync makes of it. */
export interface BackupSet {
  readonly folder: string
  readonly source: string
  readonly destination: string
  readonly image: string
  /** Makes the next section as LBackup does, with more options for its rsync; `from`: backupSource as written. */
  readonly backup: (options?: { more?: string[]; from?: string }) => void
  /** Writes one band anew, as long as it was, and sets its time. */
  readonly rewrite: (band: string, seconds: number) => void
  /** The image in that section. */
  readonly copy: (section: number) => string
}

export function backupSet(folder = temporaryFolder()): BackupSet {
  const [source, destination] = [join(folder, 'source'), join(folder, 'destination')]
  const image = join(source, 'bob/bob.sparsebundle')
  mkdirSync(join(source, 'bob'), { recursive: true })
  mkdirSync(destination)
  writeSparseBundle(image, { mapped: true, bands: [0, 1, 2].map((index) => ({ index, length: 8192 })) })
  for (const name of readdirSync(image, { recursive: true }) as string[])
    utimesSync(join(image, name), longAgo, longAgo)
  const section = (number: number): string => join(destination, `Section.${String(number)}`)
  return {
    folder,
    source,
    destination,
    image,
    backup({ more = [], from = source } = {}) {
      const newest = section(0)
      const link = existsSync(newest) ? [`--link-dest=${newest}`] : []
      const target = join(destination, 'Section.inprogress')
      execFileSync('rsync', [...more, '-a', '--modify-window=20', ...link, from, target])
      const numbers = readdirSync(destination).flatMap((name) => /^Section\.(\d+)$/.exec(name)?.[1] ?? [])
      for (const number of numbers.map(Number).sort((a, b) => b - a)) renameSync(section(number), section(number + 1))
      renameSync(target, newest)
    },
    rewrite(band, seconds) {
      writeFileSync(join(image, 'bands', band), Buffer.alloc(8192, `rewritten ${String(seconds)}`))
      utimesSync(join(image, 'bands', band), seconds, seconds)
    },
    copy: (number) => join(section(number), 'source/bob/bob.sparsebundle'),
  }
}

/** Everything a write would change, access times aside. */
export const stamps = (folder: string): string =>
  execFileSync('find', [folder, '-printf', '%p %i %n %m %s %T@ %C@\n'], { encoding: 'utf8' })

export interface Audited {
  readonly code: number
  readonly document: Audit
  /** The first. */
  readonly slot: AuditSlot
}

/** Audits through the command line; the document is checked against its schema. */
export async function auditOf(...args: string[]): Promise<Audited> {
  const { code, stdout, stderr } = await runCli('audit', ...args, '--json')
  if (stdout === '') throw new Error(`exit code ${String(code)}: ${stderr}`)
  const document = JSON.parse(stdout) as Audit
  isDocument('audit', document)
  return { code, document, slot: document.slots[0] as AuditSlot }
}

/** Of each section its number and one thing. */
export const each = <Value>(slot: AuditSlot, of: (section: AuditSection) => Value): [number, Value][] =>
  slot.sections.map((section) => [section.section, of(section)])
