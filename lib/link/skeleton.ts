import type { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { withEmptyTree, type EmptyTree } from '../system/scratch.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromBytes, join, parent, type RawPath } from '../text/raw-path.js'
import type { Probe } from './probes.js'

/**
 * Given probes and the bytes of an excludes file, return the paths (with a leading slash) that rsync would copy. Runs the
 * real rsync once, dry, with LBackup's own options, over a tree of empty files made for it in a temporary folder. Throws
 * OperationalError where rsync cannot be run.
 *
 * The source's own name becomes a folder of the tree and the tree is given with a trailing slash: rsync matches the same
 * paths as for a source without one, and a name that is no UTF-8 need not become an argument, which Node could not pass.
 */
export function rsyncCopies(system: System, probes: readonly Probe[], excludes: Buffer): Promise<Set<RawPath>> {
  return withEmptyTree(treeOf(probes), async (scratch) => {
    const options = ['-a', '-n', '--delete-excluded', '--modify-window=20', '--exclude-from=-', '--out-format=%n']
    const result = await system.tool('rsync', [...options, `${scratch}/${tree}/`, `${scratch}/copy`], {
      input: excludes,
    })
    if (result.exitCode !== 0) {
      const said = printable(fromBytes(result.stderr.subarray(0, 300))).trim()
      const ending =
        result.startError ?? (result.timedOut ? 'time limit' : `exit ${String(result.exitCode ?? result.signal)}`)
      throw new OperationalError(
        'excludes-not-proven',
        `What the excludes file lets through could not be tried out: ${result.file} failed (${ending}) on a tree of empty files: ${said === '' ? 'it said nothing' : said}.`,
        'Run that rsync by hand; if it works, look whether the temporary folder is full or not writable.',
      )
    }
    return listed(result.stdout)
  })
}

const tree = 'source' as RawPath

function treeOf(probes: readonly Probe[]): EmptyTree {
  const folders = new Set<RawPath>(['/' as RawPath])
  for (const { seen, folder } of probes) {
    if (!seen.startsWith('/') || seen.split('/').some((name) => name === '.' || name === '..')) {
      throw new Error(`not a plain path: ${printable(seen)}`)
    }
    for (let path = folder ? seen : parent(seen); !folders.has(path); path = parent(path)) folders.add(path)
  }
  const files = probes.map(({ seen }) => seen).filter((seen) => !folders.has(seen))
  const below = (path: RawPath): RawPath => join(tree, path.slice(1))
  return { folders: [...folders].sort().map(below), files: files.map(below) }
}

/** rsync writes unprintable bytes of a name, and a backslash that could be taken for one, as `\#` and three octal digits. */
function listed(output: Buffer): Set<RawPath> {
  const names = fromBytes(output).split('\n')
  const found = names.filter((name) => name !== '' && name !== './').map((name) => `/${plain(name)}` as RawPath)
  return new Set(found)
}

function plain(name: string): string {
  const text = name.endsWith('/') ? name.slice(0, -1) : name
  return text.replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
