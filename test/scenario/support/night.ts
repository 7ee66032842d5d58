import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { config, expect } from 'chai'
import type { Report, ReportImage } from '../../../lib/generated/report.js'
import type { RunRecord } from '../../../lib/generated/run.js'
import type { Status } from '../../../lib/generated/status.js'
import { takeApart } from '../../../lib/link/block.js'
import { validateReport, validateRun, validateStatus, type Validator } from '../../../lib/generated/validators.js'
import {
  startSession,
  type Host,
  type Lab,
  type SessionOptions,
  type SessionResult,
} from '../../support/session/index.js'

/** Something to do as soon as a line of LBackup's log fits. */
export interface Occasion {
  readonly logged: RegExp
  /** Stops the whole session while it is done. */
  readonly stop?: boolean
  /** It may also never come. */
  readonly optional?: boolean
  readonly act: (session: { readonly pid: number }) => void
}

export interface NightOptions extends SessionOptions {
  readonly occasions?: readonly Occasion[]
  /** The session does not end as usual: what it leaves is the matter of the test. */
  readonly broken?: boolean
}

/** What came of one session. */
export interface Night extends SessionResult {
  /** Our lines of this session alone, without the prefix. */
  readonly said: readonly string[]
  readonly report: Report
  readonly status: Status
  readonly record: RunRecord
  /** The report's image whose path ends so; throws where there is not exactly one. */
  readonly image: (pathEnd: string) => ReportImage
  /** Codes of the run's findings, sorted. */
  readonly codes: readonly string[]
}

// What stood in a log is worth reading whole.
config.truncateThreshold = 0

const prefix = 'lbackup-filevault: '

/** rsync names each file in the log as it begins to copy it, and takes its time: for occasions in mid-copy. */
export const slowly = { hardlink_option: '--bwlimit=2048 --outbuf=L --out-format=%n' }

/**
 * Given a protected lab, run one whole session and return what came of it, after checking what holds for every session:
 * the excludes file is as the administrator wrote it, nothing of ours stands in the log while rsync runs, each hook ends
 * with the counts, and what lies in the state folder has its form.
 */
export async function night(host: Host, lab: Lab, stateFolder: string, options: NightOptions = {}): Promise<Night> {
  const { occasions = [], broken = false, ...sessionOptions } = options
  const logBefore = existsSync(lab.logFile) ? lab.log().length : 0
  const excludesBefore = takeApart(readFileSync(lab.excludesFile)).administrator.toString('latin1')
  const session = startSession(host, lab, sessionOptions)
  const watching = occasions.map((occasion) => awaitOccasion(lab, logBefore, occasion, session.pid))
  const result = await session.result.finally(() => watching.forEach(({ end }) => end()))
  for (const { occasion, outcome } of watching) {
    const { happened, error } = outcome()
    if (error !== undefined) throw error
    expect(
      happened || occasion.optional === true,
      `${String(occasion.logged)} never stood in the log:\n${result.log.slice(logBefore)}`,
    ).to.be.true
  }
  const log = result.log.slice(logBefore)
  if (!broken) {
    // Without a post hook our lines stay until the next pre hook; no other byte differs even then.
    const left = readFileSync(lab.excludesFile)
    const excludes = postHookRan.test(log) ? left : takeApart(left).administrator
    expect(excludes.toString('latin1'), `the excludes file after\n${result.output}`).to.equal(excludesBefore)
    expectQuietDuringCopy(log)
  }
  const said = ourLines(log)
  const report = document<Report>(stateFolder, 'report.json', validateReport)
  if (!broken && report !== undefined) {
    const last = said.filter((line) => !line.includes('could not be handed on')).at(-1)
    expect(last, 'the last of our lines').to.match(
      / \d+ images?(; .*)? \(\d+ (entry|entries) searched, \d+ members? of /,
    )
  }
  return {
    ...result,
    said,
    report,
    status: document<Status>(stateFolder, 'status.json', validateStatus),
    record: document<RunRecord>(stateFolder, 'run.json', validateRun),
    codes: report === undefined ? [] : report.findings.map(({ code }) => code).sort(),
    image: (pathEnd) => {
      const found = report.images.filter(({ path }) => path.endsWith(pathEnd))
      expect(found, `images that end in ${pathEnd}, of ${report.images.map(({ path }) => path).join()}`).to.have.length(
        1,
      )
      return found[0] as ReportImage
    },
  }
}

const postHookRan = /^Performing .*BACKUP-050-filevault/m

/** As LBackup writes it: what it names before a hook runs, and what rsync's copying begins and ends with. */
const beforeCopy = /^Synchronizing/m
const afterCopy = /^(Performing Post-Action|Rotating Backups)/m

function expectQuietDuringCopy(log: string): void {
  const begin = beforeCopy.exec(log)
  if (begin === null) return
  const copying = log.slice(begin.index)
  const end = afterCopy.exec(copying)
  expect(ourLines(copying.slice(0, end?.index)), 'our lines while rsync runs').to.deep.equal([])
}

const ourLines = (log: string): string[] =>
  log.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []))

function document<Document>(stateFolder: string, name: string, validate: Validator): Document {
  const file = join(stateFolder, name)
  // A run that never came so far leaves none; whoever asks for it then fails.
  if (!existsSync(file)) return undefined as Document
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
  expect(validate(found), `${name}: ${JSON.stringify(validate.errors)}`).to.be.true
  return found as Document
}

function awaitOccasion(
  lab: Lab,
  from: number,
  occasion: Occasion,
  pid: number,
): { occasion: Occasion; end: () => void; outcome: () => { happened: boolean; error: Error | undefined } } {
  let happened = false
  let error: Error | undefined
  const look = (): void => {
    if (happened || !existsSync(lab.logFile) || !occasion.logged.test(lab.log().slice(from))) return
    happened = true
    if (occasion.stop === true) process.kill(-pid, 'SIGSTOP')
    try {
      occasion.act({ pid })
    } catch (caught) {
      error = caught as Error
    }
    if (occasion.stop === true) process.kill(-pid, 'SIGCONT')
  }
  const watcher = watch(dirname(lab.logFile), look)
  look()
  return { occasion, end: () => watcher.close(), outcome: () => ({ happened, error }) }
}

/** Given a lab, return the paths of all files in a section that hold a text, relative to the section. */
export function filesHolding(lab: Lab, text: string, section = 'Section.0'): string[] {
  const found = execFileSync('sh', ['-c', 'grep -rlaF -e "$1" . || true', 'sh', text], {
    cwd: join(lab.destination, section),
    encoding: 'utf8',
  })
  return found
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(2))
}

/** Given a lab, return everything in the source's copy in a section, sorted. */
export function copied(lab: Lab, section = 'Section.0'): string[] {
  return readdirSync(join(lab.destination, section, 'source'), { recursive: true, encoding: 'utf8' }).sort()
}
