import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prove } from '../../../lib/prove/prove.js'
import type { Proof, ProveRequest, TrustedCopy } from '../../../lib/prove/proof-type.js'
import { fromText } from '../../../lib/text/raw-path.js'
import { writeSparseBundle } from '../../support/image-writer/sparse-bundle.js'
import { temporaryFolder } from '../../support/temporary.js'

/** A source image, and sections made of it as LBackup's rsync makes them. */
export interface Copies {
  readonly source: string
  /** The image in the newest section. */
  copy: string
  readonly sections: string[]
  /** Copies the source into a new section, linked to the one before. Returns the image in it. */
  backup(): string
  prove(options?: Partial<ProveRequest>): Promise<Proof>
  trusted: TrustedCopy[]
  band(name: string, content: string | Buffer, time?: number): void
}

/** Times of what is written: long past, so that all have settled but for what a test touches. */
export const longAgo = 1_600_000_000

/** Given how many bands, make a source with them, each 8 KiB and long past. */
export function copies(bands = 4): Copies {
  const folder = temporaryFolder()
  const source = join(folder, 'source/bob.sparsebundle')
  mkdirSync(join(folder, 'source'))
  writeSparseBundle(source, {
    bands: Array.from({ length: bands }, (_, index) => ({ index, length: 8192 })),
    virtualBytes: 64 * 1024 * 1024,
  })
  for (let index = 0; index < bands; index += 1) {
    utimesSync(join(source, 'bands', index.toString(16)), longAgo, longAgo)
  }
  const set: Copies = {
    source,
    copy: '',
    sections: [],
    trusted: [],
    backup() {
      const section = join(folder, `Section.${String(set.sections.length)}`)
      const link = set.sections.length === 0 ? [] : [`--link-dest=${set.sections.at(-1) ?? ''}`]
      execFileSync('rsync', ['-a', '--modify-window=20', ...link, join(folder, 'source/'), section])
      set.sections.push(section)
      set.copy = join(section, 'bob.sparsebundle')
      return set.copy
    },
    async prove(options = {}) {
      const proof = await prove({
        source: fromText(source),
        copy: fromText(set.copy),
        container: 'sparse-bundle',
        lookedBefore: Date.now() - 60_000,
        copiedBefore: Date.now(),
        still: true,
        trusted: set.trusted,
        granularity: 1,
        deadline: Infinity,
        ...options,
      })
      set.trusted = [{ image: fromText(set.copy), read: () => proof.manifest }]
      return proof
    },
    band(name, content, time) {
      const path = join(source, 'bands', name)
      writeFileSync(path, content)
      if (time !== undefined) utimesSync(path, time, time)
    },
  }
  return set
}

export const inode = (path: string): number => lstatSync(path).ino

export const kinds = ({ wrong }: Proof): unknown[] => wrong.map(({ kind, members }) => [kind, ...members])
