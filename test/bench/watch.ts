import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type * as chainModule from '../../lib/lbackup/process-chain.js'
import type * as systemModule from '../../lib/system/system.js'
import { fromText } from '../../lib/text/raw-path.js'
import { readJournal } from '../../lib/watch/journal.js'
import type { WatchOrder } from '../../lib/watch/order.js'
import { inFolder, largeBundle } from './large.js'
import { built, compare, median, programMilliseconds, type Figure } from './support.js'

const program = fileURLToPath(new URL('../../dist/hooks/watch.js', import.meta.url))
const interval = 2
const images = 20
const bands = 20_000
const watchedSeconds = 60
const moves = 9
const ticksInSecond = 100

interface Watching {
  readonly child: ChildProcess
  readonly journal: string
}

/** What a watch costs: rsync beside it, its own processor time and memory, and how soon it tells of a move. */
export function benchWatch(): Promise<Figure[]> {
  return inFolder(async (folder) => [await besideRsync(folder), ...(await alone(folder))])
}

async function besideRsync(folder: string): Promise<Figure> {
  const image = largeBundle(join(folder, 'one'), bands, 64 * 1024)
  const copy = (): number => {
    rmSync(join(folder, 'copy'), { recursive: true, force: true })
    // What the last copy left to be written would be written during this one.
    programMilliseconds('sync', [])
    return programMilliseconds('rsync', ['-a', image, join(folder, 'copy')])
  }
  const watched = async (): Promise<number> => {
    const watching = await start(folder, [image])
    const took = copy()
    await end(watching)
    return took
  }
  // As long after what was removed for the last copy: the disk is busy with that for a while.
  const unwatched = async (): Promise<number> => {
    await end(await start(folder, [image]))
    return copy()
  }
  const work = 'rsync of 20,000 bands of 64 KiB beside the watch'
  return compare({ work, limit: 1.03, against: 'without', subject: watched, reference: unwatched })
}

async function alone(folder: string): Promise<Figure[]> {
  const paths = Array.from({ length: images }, (_, at) => largeBundle(join(folder, `home ${String(at)}`), bands, 0))
  const watching = await start(folder, paths)
  const began = processorTicks(watching)
  await pause(watchedSeconds * 1000)
  const share = (processorTicks(watching) - began) / ticksInSecond / watchedSeconds
  const mebibytes = peakMebibytes(watching)
  const late: number[] = []
  for (let move = 0; move < moves; move += 1) {
    // Long enough after the last event that the looks are as far apart as they ever are.
    await pause(11_000 + 223 * move)
    const path = paths[move] as string
    const moved = Date.now()
    renameSync(path, `${path}.away`)
    for (;;) {
      const seen = readJournal(readFileSync(watching.journal, 'utf8')).events.filter(
        ({ event }) => event === 'vanished',
      )
      if (seen.length > move) {
        late.push(Date.parse(seen[move]?.at ?? '') - moved)
        break
      }
      await pause(50)
    }
  }
  await end(watching)
  const of = `${String(images)} images of 20,000 bands`
  const seconds = median(late) / 1000
  return [
    { work: `watch ${of}, share of a core`, shown: `${(share * 100).toFixed(2)} %`, value: share, limit: 0.02 },
    { work: `watch ${of}, peak MiB`, shown: `${mebibytes.toFixed(0)} MiB`, value: mebibytes, limit: 80 },
    {
      work: 'a move of an image, until it is told',
      shown: `${seconds.toFixed(2)} s`,
      value: seconds,
      limit: interval + 0.5,
    },
  ]
}

async function start(folder: string, paths: readonly string[]): Promise<Watching> {
  const { processIdentity } = await built<typeof chainModule>('lib/lbackup/process-chain.js')
  const { realSystem, defaultTools } = await built<typeof systemModule>('lib/system/system.js')
  const lbackup = await processIdentity(realSystem({ platform: 'auto', commandSeconds: 10 }))
  if (lbackup === undefined) throw new Error('this process is not among the processes')
  const stateFolder = join(folder, 'state')
  rmSync(stateFolder, { recursive: true, force: true })
  mkdirSync(stateFolder)
  const order: WatchOrder = {
    run: 'bench',
    stateFolder: fromText(stateFolder),
    images: paths.map((path, at) => {
      const { dev, ino } = lstatSync(path)
      const rest = { user: 'bob', container: 'sparse-bundle', state: 'detached', device: dev, inode: ino } as const
      return { slot: `image-${String(at)}`, places: [fromText(path)], ...rest }
    }),
    source: { path: fromText(folder), device: lstatSync(folder).dev, inode: lstatSync(folder).ino },
    excludesFile: fromText(join(folder, 'excludes')),
    lbackup,
    interval,
    until: Date.now() + 3_600_000,
    platform: 'linux',
    tools: defaultTools,
    commandSeconds: 10,
  }
  writeFileSync(join(stateFolder, 'watch.json'), JSON.stringify(order))
  const child = spawn(process.execPath, [program, join(stateFolder, 'watch.json')], { stdio: 'ignore' })
  const journal = join(stateFolder, 'watch.jsonl')
  while (!existsSync(journal)) await pause(20)
  return { child, journal }
}

async function end({ child, journal }: Watching): Promise<void> {
  child.kill()
  await once(child, 'exit')
  if (!readJournal(readFileSync(journal, 'utf8')).whole) throw new Error('the watch did not end well')
}

function processorTicks({ child }: Watching): number {
  const text = readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // utime, stime, and those of children waited for.
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
}

function peakMebibytes({ child }: Watching): number {
  const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8'))
  return Number(line?.[1]) / 1024
}
