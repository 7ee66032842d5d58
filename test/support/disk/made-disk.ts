import { spawnSync } from 'node:child_process'
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from 'mocha'
import { skip } from '../skip.js'
import { temporaryFolder } from '../temporary.js'

const mebibyte = 1024 * 1024

/** Programs that make or check disks, and the Debian packages they are in. */
const packages = {
  sgdisk: 'gdisk',
  sfdisk: 'fdisk',
  parted: 'parted',
  'mkfs.vfat': 'dosfstools',
  'fsck.vfat': 'dosfstools',
  'mkfs.exfat': 'exfatprogs',
  'fsck.exfat': 'exfatprogs',
  mkapfs: 'apfsprogs',
  apfsck: 'apfsprogs',
  xorriso: 'xorriso',
  genisoimage: 'genisoimage',
  fshfsinfo: 'libfshfs-utils',
} as const

export type DiskTool = keyof typeof packages

/** Given a program and its arguments, run it and return what it printed and whether it ended with 0; skips without it. */
export function diskTool(
  context: Context,
  tool: DiskTool,
  args: readonly string[],
  input = '',
): { output: string; fine: boolean } {
  const { error, status, stdout, stderr } = spawnSync(tool, args, { input, encoding: 'utf8', env: environment })
  if (error !== undefined) skip(context, `${tool} is not installed (Debian's package ${packages[tool]})`)
  return { output: stdout + stderr, fine: status === 0 }
}

const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' }

/** Given a size in MiB and calls of programs, each with `DISK` for its path, return the path of a disk they made. */
export function madeDisk(
  context: Context,
  megabytes: number,
  ...calls: readonly (readonly [tool: DiskTool, args: readonly string[], input?: string])[]
): string {
  const path = join(temporaryFolder(), 'disk')
  writeFileSync(path, '')
  truncateSync(path, megabytes * mebibyte)
  for (const [tool, args, input] of calls) {
    const { output, fine } = diskTool(
      context,
      tool,
      args.map((word) => word.replace('DISK', path)),
      input,
    )
    if (!fine) throw new Error(`${tool}: ${output}`)
  }
  return path
}

/** Given the path of a disk, write bytes into it at `offset`. */
export function writeBytes(disk: string, offset: number, bytes: Buffer): void {
  const file = openSync(disk, 'r+')
  try {
    writeSync(file, bytes, 0, bytes.length, offset)
  } finally {
    closeSync(file)
  }
}
