import { spawnSync } from 'node:child_process'
import type { Context } from 'mocha'
import { skip } from './skip.js'

/** Given a program of a package and its arguments, run it and return what it printed; skips where it is not installed. */
export function tool(context: Context, name: string, ...args: string[]): string {
  const { error, status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (error !== undefined) skip(context, `${name} is not installed`)
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${String(status)}: ${stdout}${stderr}`)
  return stdout
}
