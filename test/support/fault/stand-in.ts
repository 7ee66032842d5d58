import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Phase } from '../../../lib/lbackup/exit-codes.js'

/** A program that the launcher takes for Node. Until told otherwise it is Node. */
export interface StandIn {
  /** For the launcher's `node`. */
  readonly path: string
  /**
   * What it does in that phase instead: lines for sh, with `$node` the real Node and `"$@"` its arguments. Without: it is
   * Node again.
   */
  becomes(phase: Phase, lines?: string): void
}

/** Given a folder that only we may write, make a stand-in for Node there. */
export function standIn(folder: string): StandIn {
  const path = join(folder, 'node')
  const lines = (phase: Phase): string => join(folder, `node-${phase}.sh`)
  writeFileSync(
    path,
    [
      '#!/bin/sh',
      `node='${process.execPath}'`,
      'case $1 in',
      `*pre-backup.js) lines='${lines('pre')}' ;;`,
      `*) lines='${lines('post')}' ;;`,
      'esac',
      '[ ! -f "$lines" ] || . "$lines"',
      'exec "$node" "$@"',
      '',
    ].join('\n'),
  )
  chmodSync(path, 0o755)
  return {
    path,
    becomes(phase, text) {
      if (text === undefined) rmSync(lines(phase), { force: true })
      else writeFileSync(lines(phase), `${text}\n`)
    },
  }
}
