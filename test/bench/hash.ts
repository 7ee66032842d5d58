import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as hashModule from '../../lib/prove/hash.js'
import type * as tableModule from '../../lib/look/member-table.js'
import { fromText } from '../../lib/text/raw-path.js'
import { inFolder, largeBundle } from './large.js'
import { onSlowDisk } from './slow-disk.js'
import { built, compare, type Figure } from './support.js'

const bands = 256
const bytes = 8 * 1024 * 1024

/** Hashing a bundle of 2 GiB with two readers, from the page cache against two openssl, and from the disk against cat. */
export function benchHash(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const { hash } = await built<typeof hashModule>('lib/prove/hash.js')
    const { memberTable } = await built<typeof tableModule>('lib/look/member-table.js')
    const path = largeBundle(folder, bands, bytes)
    const files = readdirSync(join(path, 'bands')).map((band) => join(path, 'bands', band))
    const table = memberTable({ path: fromText(path), container: 'sparse-bundle' })
    const start = table.parts.find(({ part }) => part === 'bands')?.start ?? 0
    const subject = async (readers?: number): Promise<number> => {
      const digests = new Uint8Array(new SharedArrayBuffer(table.length * 32))
      const began = performance.now()
      const { files: done } = await hash({
        sides: [{ folder: fromText(path), parts: table.parts, digests, device: 0 }],
        jobs: Uint32Array.from({ length: bands }, (_, band) => (start + band) * 2),
        bytes: bands * bytes,
        longest: bytes,
        deadline: Infinity,
        ...(readers === undefined ? {} : { readers }),
      })
      if (done !== bands) throw new Error(`hashed ${String(done)} bands`)
      return performance.now() - began
    }
    const halves = [files.slice(0, bands / 2), files.slice(bands / 2)]
    const openssl = (): Promise<number> =>
      programs(halves.map((half) => ['openssl', ['dgst', '-sha256', ...half]] as const))
    const warm = { work: 'hash 2 GiB, page cache', limit: 0.85, atLeast: true, against: '2 openssl' }
    const figures = [await compare({ ...warm, subject: () => subject(2), reference: openssl })]
    if (process.geteuid?.() !== 0) return figures
    const cat = (): Promise<number> => programs([['cat', files]])
    const dropped = (work: () => Promise<number>) => (): Promise<number> => {
      writeFileSync('/proc/sys/vm/drop_caches', '3')
      return work()
    }
    const cold = { work: 'hash 2 GiB, cold, disk of 400 MB/s', limit: 0.9, atLeast: true, against: 'cat' }
    const slow = await onSlowDisk(folder, () =>
      compare({ ...cold, subject: dropped(() => subject()), reference: dropped(cat) }),
    )
    if (slow === undefined) console.log('not measured: the cold cache, since this system cannot slow a disk down')
    return [...figures, ...(slow === undefined ? [] : [slow])]
  })
}

async function programs(calls: readonly (readonly [string, readonly string[]])[]): Promise<number> {
  const began = performance.now()
  const children = calls.map(([file, args]) => spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] }))
  await Promise.all(children.map((child) => once(child, 'exit')))
  return performance.now() - began
}
