import { sshEnvironment } from '../client/ssh.js'
import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import type { RunRecord } from '../generated/run.js'
import { isAlive } from '../lbackup/process-chain.js'
import { otherPlaces } from '../session/other-places.js'
import { startInBackground, signal } from '../system/background.js'
import { pause } from '../system/clock.js'
import { lookAt, readFileIfPresent, removeFile, replaceFile } from '../system/file.js'
import { packageFolder } from '../system/package.js'
import { fromText, join, toBytes, type RawPath } from '../text/raw-path.js'
import type { ClientOrder, WatchedClient } from '../watch/client-order.js'
import { journalPath, readJournal, type Journal } from '../watch/journal.js'
import type { WatchedImage, WatchOrder } from '../watch/order.js'
import { notPaused, pausedIn, type Paused } from '../watch/paused.js'
import { wordsOf } from '../watch/words.js'
import type { RunContext } from './context.js'
import { continueLeftPaused } from './left-paused.js'
import type { Tonight } from './plan-type.js'
import { clientOf } from './reach-machine.js'
import { reactionOrder } from './reaction-order.js'

/** By slot, what was seen while rsync ran, half a sentence each; and what is to be said of the watch itself. */
export interface Seen {
  readonly words: ReadonlyMap<string, string>
  readonly paused: Paused
  readonly findings: readonly ReportedFinding[]
}

const mostBytes = 64 * 1024 * 1024
/** As long as the watch may take to begin, or to end once it is asked to. */
const patienceMilliseconds = 5000
const lookMilliseconds = 25
/** No rsync of one night takes longer than this. */
const longestRunMilliseconds = 7 * 24 * 3600 * 1000

const orderPath = (stateFolder: RawPath): RawPath => join(stateFolder, 'watch.json')

/**
 * Given the run and its plan, start the watch over its images, after the end of one that is left. It looks before
 * LBackup's pause is over. Throws OperationalError where the state folder cannot be written.
 */
export async function startWatch(context: RunContext, tonight: Tonight): Promise<void> {
  const { config, lbackup, machine, runId, source, stateFolder, system, bootId } = context
  const { limits, watch } = config
  if (runOf(stateFolder) !== undefined) await ended(context, 'has begun')
  removeFile(orderPath(stateFolder))
  removeFile(journalPath(stateFolder))
  const images = tonight.images.map((item) => watchedImage(item, tonight))
  const place = machine?.here === true ? sourceNow(source.path) : machine && { client: watchedClient(context) }
  if (watch.mode === 'off' || images.length === 0 || place === undefined) return
  const order: WatchOrder | ClientOrder = {
    run: runId,
    stateFolder,
    images,
    ...place,
    excludesFile: context.excludesFile,
    lbackup: { pid: lbackup.pid, startTime: lbackup.startTime, bootId },
    interval: watch.interval,
    ...(config.source.mode === 'staging' ? { staging: true } : {}),
    until: system.now().getTime() + longestRunMilliseconds,
    platform: system.platform,
    tools: system.tools,
    commandSeconds: limits.commandSeconds,
    ...reactionOrder(context, tonight, images),
  }
  replaceFile(orderPath(stateFolder), JSON.stringify(order))
  const program = join(fromText(packageFolder()), 'dist/hooks/watch.js')
  startInBackground(program, [toBytes(orderPath(stateFolder)).toString('utf8')])
}

function sourceNow(path: RawPath): Pick<WatchOrder, 'source'> | undefined {
  const stats = lookAt(path)
  return stats === undefined ? undefined : { source: { path, device: stats.dev, inode: stats.ino } }
}

function watchedClient(context: RunContext): WatchedClient {
  const { destination, control } = clientOf(context)
  return { destination, control, interval: context.config.watch.clientInterval, environment: sshEnvironment() }
}

function watchedImage({ image, usage, user }: Tonight['images'][number], { accounts }: Tonight): WatchedImage {
  const { slot, path, container, device, inode } = image
  const other = otherPlaces(path, accounts)
  return { slot, user, container, places: [path, ...other], device, inode, state: usage.state }
}

/**
 * Given the run, end the watch over its images and return what it saw, whatever became of it. `late`: LBackup is gone, and
 * a watch that ended with it saw all there was to see.
 */
export async function endWatch(
  context: RunContext,
  record: Pick<RunRecord, 'id' | 'images'>,
  { late }: { readonly late: boolean },
): Promise<Seen> {
  const { stateFolder } = context
  if (!isOrderedFor(stateFolder, record.id)) return nothing
  const { journal, lived } = await ended(context, 'may begin').catch((error: unknown) => {
    if (!(error instanceof OperationalError)) throw error
    return { journal: undefined, lived: false }
  })
  const paused = journal?.run === record.id ? pausedIn(journal.events, journal.lastAt) : notPaused
  const findings = [...stopped(journal?.events ?? [], record), ...(await continueLeftPaused(context))]
  if (journal?.run === record.id && journal.whole && (late || lived)) {
    const words = record.images.flatMap(({ slot }) => {
      const said = wordsOf(slot, journal.events)
      return said === undefined ? [] : [[slot, said] as const]
    })
    return { words: new Map(words), paused, findings }
  }
  const words = record.images.map(
    ({ slot }) => [slot, wordsOf(slot, journal?.events ?? []) ?? 'was not watched to the end'] as const,
  )
  return { words: new Map(words), paused, findings: [early, ...findings] }
}

const nothing: Seen = { words: new Map(), paused: notPaused, findings: [] }

const early: ReportedFinding = {
  code: 'watch-ended-early',
  severity: 'warning',
  message:
    'The watch over the images ended before rsync did, so what happened to them meanwhile is known only in part.',
  cure: 'Look in the system’s log for who ended it, or whether the state folder could be written.',
}

function stopped(events: Journal['events'], { images }: Pick<RunRecord, 'images'>): ReportedFinding[] {
  return events.flatMap(({ event, at, slot, detail }) => {
    if (event !== 'stopped') return []
    const path = images.find((image) => image.slot === slot)?.path ?? slot ?? 'an image'
    const message = `The watch ended rsync at ${at} because rsync was copying ${path} and ${detail ?? 'it came into use'}; LBackup failed this run and keeps its sections.`
    const cure = 'Let its user log out before the backup, or set watch.mode to note or pause in filevault.json.'
    return [{ code: 'rsync-stopped', severity: 'warning', message, cure }]
  })
}

/** An order that cannot be read may be of this run: then what it saw is not known. */
function isOrderedFor(stateFolder: RawPath, run: string): boolean {
  try {
    return runOf(stateFolder) === run
  } catch (error) {
    if (error instanceof OperationalError) return true
    throw error
  }
}

function runOf(stateFolder: RawPath): string | undefined {
  const file = readFileIfPresent(orderPath(stateFolder), mostBytes)
  if (file === undefined) return undefined
  try {
    return (JSON.parse(file.bytes.toString('utf8')) as WatchOrder).run
  } catch {
    return undefined
  }
}

/** Ends the watch; what it wrote, and whether it lived until now. */
async function ended(
  { stateFolder, system, bootId }: RunContext,
  state: 'may begin' | 'has begun',
): Promise<{ journal: Journal | undefined; lived: boolean }> {
  const read = (): Journal | undefined => {
    const file = readFileIfPresent(journalPath(stateFolder), mostBytes)
    return file === undefined ? undefined : readJournal(file.bytes.toString('utf8'))
  }
  // A copy may be done before the watch has begun.
  if (state === 'may begin') await within(() => Promise.resolve(read()?.process !== undefined))
  const watcher = read()?.process
  if (watcher === undefined) return { journal: read(), lived: false }
  const gone = async (): Promise<boolean> => !(await isAlive(system, { ...watcher, bootId }))
  const lived = !(await gone())
  if (lived) {
    signal(watcher.pid, 'SIGTERM')
    if (!(await within(gone))) signal(watcher.pid, 'SIGKILL')
  }
  return { journal: read(), lived }
}

async function within(done: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + patienceMilliseconds
  while (Date.now() < until) {
    if (await done()) return true
    await pause(lookMilliseconds / 1000)
  }
  return done()
}
