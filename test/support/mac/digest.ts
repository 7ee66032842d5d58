import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Given an image's path, return a digest of everything in it: names and bytes of its members, or of the one file. */
export function imageDigest(path: string): string {
  const hash = createHash('sha256')
  if (!lstatSync(path).isDirectory()) return hash.update(readFileSync(path)).digest('hex')
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    const member = join(path, name)
    if (!lstatSync(member).isFile()) continue
    hash.update(`${name}\0`).update(createHash('sha256').update(readFileSync(member)).digest())
  }
  return hash.digest('hex')
}
