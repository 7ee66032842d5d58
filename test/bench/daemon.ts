import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DaemonLine } from '../../lib/generated/daemon.js'
import { inFolder, largeBundle } from './large.js'
import { median, type Figure } from './support.js'

const program = fileURLToPath(new URL('../../dist/lib/cli/bin.js', import.meta.url))
const images = 20
const bands = 2000
const watchedSeconds = 60
const moves = 3
const ticksInSecond = 100

/** What the daemon costs over a quiet day, its programs and threads included, and how soon it tells of a move. */
export function benchDaemon(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    const source = join(folder, 'homes')
    const homes = Array.from({ length: images }, (_, at) => join(source, `user${String(at)}`))
    for (const home of homes) largeBundle(home, bands, 0)
    const configuration = configure(folder, source)
    const child = spawn(process.execPath, [program, 'daemon', 'run', '--config', configuration], { stdio: 'inherit' })
    const history = join(folder, 'state/daemon/history.jsonl')
    while (!existsSync(join(folder, 'state/daemon/seen.json'))) await pause(50)
    if (!readFileSync(history, 'utf8').includes(`follows ${String(images)} images`))
      throw new Error('not all were found')
    // After an event looks are near to each other for a while.
    await pause(15_000)
    const began = processorTicks(child)
    await pause(watchedSeconds * 1000)
    const share = (processorTicks(child) - began) / ticksInSecond / watchedSeconds
    const late: number[] = []
    for (let move = 0; move < moves; move += 1) {
      await pause(15_000 + 997 * move)
      const moved = Date.now()
      renameSync(homes[move] as string, `${homes[move] as string}-renamed`)
      late.push((await told(history, move)) - moved)
    }
    const mebibytes = peakMebibytes(child)
    child.kill()
    await once(child, 'exit')
    const seconds = median(late) / 1000
    const of = `${String(images)} images of 2,000 bands`
    return [
      { work: `daemon ${of}, share of a core`, shown: `${(share * 100).toFixed(2)} %`, value: share, limit: 0.01 },
      { work: `daemon ${of}, peak MiB`, shown: `${mebibytes.toFixed(0)} MiB`, value: mebibytes, limit: 160 },
      { work: 'a renamed home, until it is told', shown: `${seconds.toFixed(2)} s`, value: seconds, limit: 10 },
    ]
  })
}

function configure(folder: string, source: string): string {
  // What lies in LBackup's own folder is never searched.
  const own = join(folder, 'configuration')
  mkdirSync(own)
  const file = join(own, 'backup.conf')
  const values = { backupSource: source, backupDest: join(folder, 'backup'), useSSH: 'NO', numRotations: '2' }
  writeFileSync(
    file,
    Object.entries(values)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join(''),
  )
  writeFileSync(join(own, 'filevault.json'), JSON.stringify({ stateFolder: join(folder, 'state') }))
  mkdirSync(join(folder, 'backup'))
  return file
}

async function told(history: string, after: number): Promise<number> {
  for (;;) {
    const lines = readFileSync(history, 'utf8').split('\n').slice(0, -1)
    const moved = lines.map((line) => JSON.parse(line) as DaemonLine).filter(({ event }) => event === 'moved')
    const line = moved[after]
    if (line !== undefined) return Date.parse(line.at)
    await pause(50)
  }
}

function processorTicks({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // utime, stime, and those of children waited for.
  return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
}

function peakMebibytes({ pid }: ChildProcess): number {
  const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  return Number(line?.[1]) / 1024
}
