import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import type { Container } from '../../lib/image/image.js'
import { fromText, type RawPath } from '../../lib/text/raw-path.js'
import { shared } from './shared.js'
import { temporaryFolder } from './temporary.js'

/** Given the name of an archive of real images, unpack it and return the image; skips where the archives are not there. */
export function realImage(context: Context, archive: string): { path: RawPath; file: string; container: Container } {
  const folder = temporaryFolder()
  execFileSync('tar', ['-xzf', shared(context, `images/${archive}`), '-C', folder])
  const [name] = readdirSync(folder)
  if (name === undefined) throw new Error(`${archive} is empty`)
  const file = join(folder, name)
  return {
    file,
    path: fromText(file),
    container: archive.includes('.sparsebundle.') ? 'sparse-bundle' : 'sparse-image',
  }
}
