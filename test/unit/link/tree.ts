import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, parent, toBytes, type RawPath } from '../../../lib/text/raw-path.js'

/** A name or path given with one character per byte. */
export const raw = (text: string): RawPath => text as RawPath

/** LBackup's options, as it runs rsync on a local source. */
export const lbackupOptions = ['--stats', '-a', '--modify-window=20', '--delete-excluded', '--exclude-from=-']

/** Makes files (and the folders they need) below a folder; a path that ends in a slash is an empty folder. */
export function makeTree(folder: string, paths: readonly RawPath[]): void {
  for (const path of paths) {
    const full = join(raw(folder), path)
    if (path.endsWith('/')) mkdirSync(toBytes(full), { recursive: true })
    else {
      mkdirSync(toBytes(parent(full)), { recursive: true })
      writeFileSync(toBytes(full), 'x')
    }
  }
}

/** Every entry below a folder, as bytes, relative to it, sorted. */
export function entriesOf(folder: string): RawPath[] {
  const found: RawPath[] = []
  const walk = (path: RawPath, below: string): void => {
    for (const entry of readdirSync(toBytes(path), { encoding: 'latin1', withFileTypes: true })) {
      found.push(raw(below + entry.name))
      if (entry.isDirectory()) walk(join(path, entry.name), `${below}${entry.name}/`)
    }
  }
  walk(raw(folder), '')
  return found.sort()
}

/** Copies with the real rsync as LBackup does and returns what is in the copy. `source` is taken from `cwd`. */
export function copyWithRsync(cwd: string, source: string, excludes: Buffer, copy: string): RawPath[] {
  mkdirSync(copy)
  const result = spawnSync('rsync', [...lbackupOptions, source, `${copy}/`], { cwd, input: excludes })
  if (result.status !== 0) throw new Error(`rsync: ${String(result.status)} ${result.stderr.toString()}`)
  return entriesOf(copy)
}
