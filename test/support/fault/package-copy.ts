import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../../..', import.meta.url))

/** Given a folder that is not there yet, put into it what of the built package a hook needs. Returns the folder. */
export function copyPackage(folder: string): string {
  mkdirSync(join(folder, 'dist'), { recursive: true })
  cpSync(join(project, 'dist/hooks'), join(folder, 'dist/hooks'), { recursive: true })
  cpSync(join(project, 'package.json'), join(folder, 'package.json'))
  return folder
}

let copy: string | undefined

/** The built package as it was at the first call: a build beside the tests changes nothing. */
export function builtPackage(): string {
  if (copy !== undefined) return copy
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'lbackup-filevault-package-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  copy = copyPackage(join(folder, 'package'))
  return copy
}
