import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writableByOthers } from './place.js'

const project = fileURLToPath(new URL('../../', import.meta.url))

/** Where the installed program is, and the Node that runs it. */
export interface Program {
  readonly node: string
  /** Of the command line. */
  readonly file: string
}

/**
 * Given the demonstration's folder, put this package there as `npm install` would, and return it. A checkout may be
 * writable for a group or belong to somebody else; our hooks would refuse to run such a program.
 */
export function placePackage(folder: string): Program {
  if (!existsSync(join(project, 'dist/hooks/pre-backup.js')))
    throw new Error('the hooks are not built: run npm run build')
  const there = join(folder, 'package')
  const parts = ['package.json', 'hooks/launcher.sh', 'schemas', 'dist/hooks', 'dist/lib', ...dependencies()]
  for (const part of parts) cpSync(join(project, part), join(there, part), { recursive: true })
  closeToOthers(there)
  return { node: placeNode(folder), file: join(there, 'dist/lib/cli/bin.js') }
}

/** What is needed at run time, as the lock file tells it. */
function dependencies(): string[] {
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>
  }
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(project, path)))
}

function closeToOthers(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) closeToOthers(path)
    else if (entry.isFile()) chmodSync(path, path.endsWith('.sh') ? 0o755 : 0o644)
  }
}

/** The Node that runs us, or a copy of it where our hooks would not trust it. */
function placeNode(folder: string): string {
  const node = process.execPath
  if (writableByOthers(node) === undefined && writableByOthers(realpathSync(node)) === undefined) return node
  const copy = join(folder, 'bin/node')
  mkdirSync(dirname(copy), { recursive: true })
  copyFileSync(node, copy, constants.COPYFILE_FICLONE)
  chmodSync(copy, 0o755)
  return spawnSync(copy, ['--version']).status === 0 ? copy : node
}
