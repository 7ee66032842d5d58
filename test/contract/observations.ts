import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hookEnvironment, type HookEnvironment } from '../../lib/lbackup/environment.js'
import { lbackupProcess } from '../../lib/lbackup/process-chain.js'
import { readSections, sectionZeroChange, type SectionZeroChange } from '../../lib/lbackup/sections.js'
import { realSystem } from '../../lib/system/system.js'
import { fromText } from '../../lib/text/raw-path.js'
import { makeLab, runSession, startSession, type Host, type Lab, type SessionResult } from '../support/session/index.js'
import { openEvents } from '../support/session/events.js'

const eventScript = fileURLToPath(new URL('../support/session/event.bash', import.meta.url))

/** What a hook that dumps its surroundings saw. */
export interface Dump {
  readonly argv: readonly string[]
  readonly folder: string
  readonly variables: Readonly<Record<string, string>>
}

/** One night of the set of nights below. */
export interface Night {
  readonly result: SessionResult
  readonly ran: readonly string[]
  readonly pre: Dump | undefined
  readonly post: Dump | undefined
  readonly zero: SectionZeroChange
  /** Inodes of Section.0, Section.1 … after the night. */
  readonly inodes: readonly number[]
}

const note = (lab: Lab): string => `echo "$action_name" >>'${lab.folder}/ran'`
const dump = (lab: Lab, phase: string): string =>
  `${note(lab)}; { printf '%s\\0' "$#" "$@" "$PWD"; env -0; } >'${lab.folder}/dump.${phase}'`

export function readDump(path: string): Dump | undefined {
  if (!existsSync(path)) return undefined
  const parts = readFileSync(path, 'utf8').split('\0').slice(0, -1)
  const argc = Number(parts[0])
  const variables = parts.slice(argc + 2).map((entry) => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at), entry.slice(at + 1)]
  })
  return {
    argv: parts.slice(1, argc + 1),
    folder: parts[argc + 1] ?? '',
    variables: Object.fromEntries(variables) as Record<string, string>,
  }
}

/** Given a dump, return the hook's environment as the hooks themselves read it. */
export const environmentOf = (dumped: Dump | undefined): HookEnvironment => hookEnvironment(dumped?.variables ?? {})

async function night(host: Host, lab: Lab): Promise<Night> {
  const before = readSections(fromText(lab.destination))
  for (const name of ['ran', 'dump.pre', 'dump.post']) rmSync(join(lab.folder, name), { force: true })
  const result = await runSession(host, lab)
  const now = readSections(fromText(lab.destination))
  const ran = join(lab.folder, 'ran')
  return {
    result,
    ran: existsSync(ran) ? readFileSync(ran, 'utf8').trim().split('\n') : [],
    pre: readDump(join(lab.folder, 'dump.pre')),
    post: readDump(join(lab.folder, 'dump.post')),
    zero: sectionZeroChange(before.sections[0], now, 2),
    inodes: now.sections.map(({ inode }) => inode),
  }
}

/** Four nights of one set with two sections: many hooks; quiet; changed files; a failing rsync with POE. */
export async function fourNights(
  host: Host,
  folder: string,
): Promise<{ lab: Lab; nights: Night[]; facts: Record<string, unknown> }> {
  const source = join(folder, 'my source')
  mkdirSync(source, { recursive: true })
  const lab = makeLab(
    { backupSource: source, backupDest: join(folder, 'my destination'), settings: { numRotations: '2' } },
    folder,
  )
  const write = (name: string, text: string, time: number): void => {
    writeFileSync(join(source, name), text)
    utimesSync(join(source, name), time, time)
  }
  const facts: Record<string, unknown> = {}
  const copy = (name: string, number = 0): string =>
    join(lab.destination, `Section.${String(number)}`, 'my source', name)
  write('same', 'same', 1_600_000_000)
  write('missed', 'AAAA', 1_600_000_000)
  write('changed', 'AAAA', 1_600_000_000)
  write('left.tmp', 'left out', 1_600_000_000)
  rmSync(lab.excludesFile)

  const hooks = [
    lab.hook('pre', 'BACKUP-100-dump', `${dump(lab, 'pre')}; cp '${lab.lockFile}' '${lab.folder}/lock.copy'; exit 1`),
    lab.hook('pre', 'BACKUP-200-undefined', `${note(lab)}; exit 2`),
    lab.hook('pre', 'BACKUP-300-no-interpreter', '#!/usr/bin/env no-such-program-anywhere\n'),
    lab.hook('pre', 'BACKUP-400-writes-excludes', `${note(lab)}; echo '*.tmp' >'${lab.excludesFile}'`),
    lab.hook('pre', 'BACKUP-450-killed', `${note(lab)}; kill -KILL $$`),
    lab.hook(
      'pre',
      'BACKUP-500-who-is-lbackup',
      `${note(lab)}; echo $$ >'${lab.folder}/pid'; exec bash '${eventScript}' '${lab.folder}/who' before-rsync`,
    ),
    lab.hook('pre', 'backup-600-lower-case', note(lab)),
    lab.hook('post', 'BACKUP-100-dump', `${dump(lab, 'post')}; exit 2`),
    lab.hook('post', 'BACKUP-200-halts', `${note(lab)}; exit 129`),
    lab.hook('post', 'BACKUP-300-never', note(lab)),
  ]
  const system = realSystem({ platform: 'linux', commandSeconds: 10 })
  const channel = openEvents(join(lab.folder, 'who'), {
    'before-rsync': async () => {
      const pid = Number(readFileSync(join(lab.folder, 'pid'), 'utf8'))
      facts['byLock'] = (await lbackupProcess(system, fromText(lab.configurationFolder), pid))?.pid
      facts['byName'] = (await lbackupProcess(system, fromText(lab.source), pid))?.pid
    },
  })
  const nights = [await night(host, lab)]
  await channel.close()
  facts['lockText'] = readFileSync(join(lab.folder, 'lock.copy'), 'utf8')
  facts['left out'] = !existsSync(copy('left.tmp')) && existsSync(copy('same'))
  for (const hook of hooks) rmSync(hook)

  lab.hook('pre', 'BACKUP-100-dump', dump(lab, 'pre'))
  lab.hook('post', 'BACKUP-100-dump', dump(lab, 'post'))
  nights.push(await night(host, lab))
  facts['unchanged linked'] = lstatSync(copy('same')).ino === lstatSync(copy('same', 1)).ino
  facts['source not linked'] = lstatSync(copy('same')).nlink === 2 && lstatSync(join(source, 'same')).nlink === 1

  write('missed', 'BBBB', 1_600_000_020)
  write('changed', 'BBBB', 1_600_000_021)
  nights.push(await night(host, lab))
  facts['within 20 s'] = readFileSync(copy('missed'), 'utf8')
  facts['after 21 s'] = readFileSync(copy('changed'), 'utf8')

  lab.set({ post_actions_on_backup_error: 'YES', hardlink_option: '--no-such-option' })
  nights.push(await night(host, lab))
  return { lab, nights, facts }
}

/** Short sessions in which LBackup stops by itself or is stopped, by name. All side by side: a real one mostly sleeps. */
export async function shortSessions(host: Host, folder: string): Promise<Record<string, Night>> {
  const stage = async (name: string, prepare: (lab: Lab) => void): Promise<[string, Night]> => {
    const home = join(folder, name)
    mkdirSync(home)
    const lab = makeLab({}, home)
    writeFileSync(join(lab.source, 'file'), 'text')
    lab.hook('pre', 'BACKUP-900-later', note(lab))
    lab.hook('post', 'BACKUP-100-dump', dump(lab, 'post'))
    prepare(lab)
    return [name, await night(host, lab)]
  }
  const poe = { post_actions_on_backup_error: 'YES' }
  return Object.fromEntries(
    await Promise.all([
      stage('halt', (lab) => void lab.hook('pre', 'BACKUP-100-halt', `${note(lab)}; exit 129`)),
      stage('halt-poe', (lab) => {
        lab.set(poe)
        lab.hook('pre', 'BACKUP-100-halt', `${note(lab)}; exit 129`)
      }),
      stage('hang-up', (lab) => void lab.hook('pre', 'BACKUP-100-hang-up', `${note(lab)}; kill -HUP $$`)),
      stage('source-missing', (lab) => {
        lab.set(poe)
        rmSync(lab.source, { recursive: true })
      }),
      stage('destination-missing', (lab) => {
        lab.set(poe)
        rmSync(lab.destination, { recursive: true })
      }),
      stage('excludes-missing', (lab) => {
        lab.set(poe)
        rmSync(lab.excludesFile)
      }),
      stage('locked', (lab) => {
        lab.set(poe)
        writeFileSync(lab.lockFile, 'Process start time (seconds since epoch) : 1\nProcess PID : 1\n')
      }),
      stage('no-rotations', (lab) => void lab.set({ ...poe, numRotations: '0' })),
      stage('source-is-link', (lab) => {
        symlinkSync(lab.source, join(lab.folder, 'link'))
        lab.set({ backupSource: join(lab.folder, 'link') })
      }),
      stage('hole', (lab) => {
        lab.set(poe)
        for (const number of [0, 2]) mkdirSync(join(lab.destination, `Section.${String(number)}`))
      }),
    ]),
  )
}

/** A session that is told to end while its pre hook runs. */
export async function terminated(
  host: Host,
  folder: string,
  signal: NodeJS.Signals,
): Promise<{ result: SessionResult; hookRanOn: boolean }> {
  mkdirSync(folder)
  const lab = makeLab({}, folder)
  const done = join(lab.folder, 'hook-ran-on')
  lab.hook(
    'pre',
    'BACKUP-100-waits',
    `bash '${eventScript}' '${lab.folder}/first' before-rsync; bash '${eventScript}' '${lab.folder}/second' before-rsync; echo >'${done}'; bash '${eventScript}' '${lab.folder}/first' after-rsync`,
  )
  let ranOn: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (ranOn = resolve))
  let go: () => void = () => undefined
  const released = new Promise<void>((resolve) => (go = resolve))
  const first = openEvents(join(lab.folder, 'first'), {
    'before-rsync': () => session.signal(signal),
    'after-rsync': () => ranOn(),
  })
  const second = openEvents(join(lab.folder, 'second'), { 'before-rsync': () => released })
  const session = startSession(host, lab)
  const result = await session.result
  go()
  await finished
  await Promise.all([first.close(), second.close()])
  return { result, hookRanOn: existsSync(done) && readdirSync(lab.destination).length === 0 }
}
