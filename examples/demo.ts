import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Host } from '../test/support/session/index.js'
import { haveRsync, makeBackup, reportKeeper, standIn } from './demo/backup.js'
import { placePackage } from './demo/package.js'
import { paper, type Paper } from './demo/paper.js'
import { makeHomes, type LoggedIn } from './demo/people.js'
import { makePlace } from './demo/place.js'
import { play } from './demo/story.js'

const help = `usage: npm start [-- --keep]

Three nights of a backup of five small homes, in a folder for temporary files: with
our hooks, and a stand-in for LBackup, or the real LBackup where LBACKUP_SCRIPT names
its backup_script.bash. Ends with 0 when everything went as told, else with 1.

  --keep   leave the folder there to look at
`

// The hooks refuse settings that a group may write, and many systems let a group write new files.
process.umask(0o022)
const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } })
if (values.help === true) process.stdout.write(help)
else process.exitCode = await demonstrate(values.keep ?? false)

async function demonstrate(keep: boolean): Promise<number> {
  const began = performance.now()
  if (!existsSync('/bin/bash')) {
    process.stderr.write('The demonstration needs /bin/bash, as LBackup does.\n')
    return 1
  }
  const folder = makePlace()
  const ends: (() => void)[] = []
  const cleanUp = (): void => {
    for (const end of ends.splice(0)) end()
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    // Not `once`: a second Ctrl-C must not end the cleaning up.
    process.on(signal, () => {
      cleanUp()
      process.exit(code)
    })
  }
  // As in `npm start | head`.
  process.stdout.on('error', () => {
    cleanUp()
    process.exit(1)
  })
  const page = paper(folder)
  try {
    const wrong = await perform(folder, page, ends)
    farewell(page, wrong, (performance.now() - began) / 1000)
    return wrong.length === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`The demonstration failed: ${(error as Error).message}\n`)
    return 1
  } finally {
    cleanUp()
    if (keep) process.stdout.write(`Everything is still in ${folder}\n`)
  }
}

function perform(folder: string, page: Paper, ends: (() => void)[]): Promise<string[]> {
  const rsync = haveRsync() ? undefined : standIn(folder)
  const host: Host = rsync === undefined && (process.env['LBACKUP_SCRIPT'] ?? '') !== '' ? 'real' : 'ours'
  const backup = makeBackup(folder, placePackage(folder), host, rsync)
  ends.push(() => backup.kill())
  makeHomes(join(folder, 'Users'))
  page.say(
    `lbackup-filevault, shown on three nights. It all happens in ${folder}, which is left out of the paths below; nothing else on this machine is touched.`,
    host === 'real'
      ? 'The real LBackup runs them. It sleeps twice for 7 seconds in each run, so this takes about a minute.'
      : 'A stand-in for LBackup runs them, with the real hooks.',
  )
  if (rsync !== undefined)
    page.say('There is no rsync here: a small copier of our own, which hard-links as rsync does, stands in for it.')
  return play({
    folder,
    backup,
    paper: page,
    settings: {
      stateFolder: `${folder}/state`,
      'report.command': [reportKeeper(folder)],
      'report.on': 'always',
      ...(rsync === undefined ? {} : { 'tools.rsync': rsync }),
    },
    onLogin: (carol: LoggedIn) => void ends.push(() => carol.kill()),
  })
}

function farewell(page: Paper, wrong: readonly string[], seconds: number): void {
  if (wrong.length > 0) {
    page.heading('This did not go as told')
    page.say(...wrong.map((what) => `  expected: ${what}`))
    return
  }
  page.heading('Where to go on')
  page.say('The same for your own backup, changing nothing:')
  page.quote('npx lbackup-filevault tonight --config /path/to/your/backup.conf')
  page.say(
    'To have it every night: README.md, "Installing into LBackup".',
    '',
    `Everything went as told (${String(Math.round(seconds))} s).`,
  )
}
