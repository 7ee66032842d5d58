import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Proof, ProveRequest } from '../../lib/prove/proof-type.js'
import { fromText } from '../../lib/text/raw-path.js'
import { mebibyte, writeSparseBundle } from '../support/image-writer/sparse-bundle.js'

/** Long enough ago that every time has settled. */
export const longAgo = 1_600_000_000

export const name = 'large.sparsebundle'

/** Makes a folder for one bench, hands it on and removes it. */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-bench-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Makes a bundle with that many bands of that length, all of one time, and returns its path. */
export function largeBundle(folder: string, bands: number, bytes: number): string {
  const path = join(folder, name)
  mkdirSync(folder, { recursive: true })
  writeSparseBundle(path, { bandSize: 8 * mebibyte, virtualBytes: bands * 8 * mebibyte })
  const content = Buffer.alloc(bytes)
  for (let index = 0; index < bands; index += 1) {
    if (bytes > 0) content.writeUInt32LE(index, 0)
    const band = join(path, 'bands', index.toString(16))
    writeFileSync(band, content)
    utimesSync(band, longAgo, longAgo)
  }
  return path
}

/** As LBackup makes a section: links to the one before. */
export function section(source: string, target: string, older?: string): string {
  const link = older === undefined ? [] : [`--link-dest=${older}`]
  execFileSync('rsync', ['-a', '--modify-window=20', ...link, `${source}/`, target])
  return join(target, name)
}

/** A request to compare everything, with nothing trusted. */
export const request = (source: string, copy: string, more: Partial<ProveRequest> = {}): ProveRequest => ({
  source: fromText(source),
  copy: fromText(copy),
  container: 'sparse-bundle',
  lookedBefore: Date.now() - 60_000,
  copiedBefore: Date.now(),
  still: true,
  trusted: [],
  granularity: 1000,
  deadline: Infinity,
  ...more,
})

export function demand(proof: Proof, bytesRead?: number): void {
  if (proof.result !== 'proven') throw new Error(`${proof.result}: ${JSON.stringify(proof.wrong)}`)
  if (bytesRead !== undefined && proof.counts.bytesRead !== bytesRead) {
    throw new Error(`read ${String(proof.counts.bytesRead)} bytes`)
  }
}
