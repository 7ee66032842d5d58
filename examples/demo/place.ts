import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Makes the demonstration's folder where hooks can be run from, and returns its real path. Throws where there is none. */
export function makePlace(): string {
  const reasons: string[] = []
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    try {
      const folder = mkdtempSync(join(realpathSync(parent), 'lbackup-filevault-demo-'))
      const reason = unusable(folder)
      if (reason === undefined) return folder
      rmSync(folder, { recursive: true })
      reasons.push(`${parent}: ${reason}`)
    } catch (error) {
      reasons.push(`${parent}: ${(error as Error).message}`)
    }
  }
  throw new Error(`no folder for temporary files can be used: ${reasons.join('; ')}. Set TMPDIR to another one.`)
}

function unusable(folder: string): string | undefined {
  if (!/^[\w@%+=:,./-]+$/.test(folder)) return 'LBackup cannot use this path, for its blanks or odd characters'
  const writable = writableByOthers(folder)
  if (writable !== undefined) return `others may write ${writable}`
  const program = join(folder, 'program')
  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const { status } = spawnSync(program)
  rmSync(program)
  return status === 0 ? undefined : 'no programs may be run from it (mounted noexec?)'
}

/** Given a path, return what on the way to it others than root and we may write; such programs our hooks refuse to run. */
export function writableByOthers(path: string): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid } = lstatSync(at)
    const link = (mode & 0o170000) === 0o120000
    const sticky = (mode & 0o1000) !== 0
    const ours = uid === 0 || uid === process.geteuid?.()
    if (!link && !sticky && ((mode & 0o022) !== 0 || !ours)) return at
    if (at === '/') return undefined
  }
}
