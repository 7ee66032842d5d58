import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'
import { skip } from './skip.js'

const folder = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Given a path below the folder of real images and recordings beside the project, return it absolute; skips without it. */
export function shared(context: Context, path: string): string {
  if (!existsSync(folder)) skip(context, 'the folder of real images and recordings is not beside the project')
  return folder + path
}
