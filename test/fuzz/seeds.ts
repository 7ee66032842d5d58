import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Given a path in the folder of real images and recordings, return the file's bytes. */
export const sharedFile = (path: string): Buffer => readFileSync(sharedFolder + needed(path))

/** Given a folder there and an ending, return the bytes of its files. */
export const sharedFiles = (folder: string, ending: string): Buffer[] =>
  readdirSync(sharedFolder + needed(folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => sharedFile(join(folder, name)))

/** Given an archive of a real image, unpack it and return its path. */
export function unpacked(scratch: string, archive: string): string {
  const folder = mkdtempSync(join(scratch, 'image-'))
  execFileSync('tar', ['-xzf', sharedFolder + needed(`images/${archive}`), '-C', folder])
  return join(folder, readdirSync(folder)[0] as string)
}

/** Given a size in MiB and a call of a program with `DISK` for its path, return the path of the disk it made. */
export function madeBy(
  scratch: string,
  megabytes: number,
  program: string,
  args: readonly string[],
  input = '',
): string {
  const path = join(mkdtempSync(join(scratch, 'disk-')), 'disk')
  writeFileSync(path, '')
  truncateSync(path, megabytes * 1024 * 1024)
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
  execFileSync(
    program,
    args.map((word) => word.replace('DISK', path)),
    { input, env, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  return path
}

function needed(path: string): string {
  if (!existsSync(sharedFolder + path)) throw new Error(`${path} is not in the folder \`shared\` beside the project`)
  return path
}
