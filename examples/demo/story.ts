import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../lib/generated/report.js'
import type { Backup, Night } from './backup.js'
import type { Paper } from './paper.js'
import { logIn, people, type LoggedIn } from './people.js'

/** What the story is told with. */
export interface Stage {
  readonly folder: string
  readonly backup: Backup
  readonly paper: Paper
  /** Settings of this machine that go into filevault.json before the first night. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Is told who is logged in, so that an abrupt end can end that too. */
  readonly onLogin: (carol: LoggedIn) => void
}

type Check = (what: string, true_: boolean) => void
type Expected = Readonly<Record<string, Report['images'][number]['verdict']>>

/** Given the stage with its homes made, play the three nights and `tonight`, and return what did not go as told. */
export async function play(stage: Stage): Promise<string[]> {
  const wrong: string[] = []
  const check: Check = (what, holds) => {
    if (!holds) wrong.push(what)
  }
  const { paper } = stage
  paper.heading('The people')
  paper.say(...people.map(([name, what]) => `  ${name.padEnd(6)} ${what}`))
  const carol = await logIn(join(stage.folder, 'Users'))
  stage.onLogin(carol)
  await setUp(stage, check)
  await firstNight(stage, check)
  await carol.logOut()
  await secondNight(stage, check)
  stage.onLogin(await logIn(join(stage.folder, 'Users')))
  await thirdNight(stage, check)
  await tonight(stage, check)
  return wrong
}

async function setUp({ backup, paper, settings }: Stage, check: Check): Promise<void> {
  paper.heading('Setting up')
  paper.say(`lbackup-filevault install --config ${paper.short(backup.lab.configurationFile)}`)
  const { exitCode, output } = await backup.command('install')
  paper.quote(output)
  check('install ends with 0', exitCode === 0)
  if (exitCode !== 0) throw new Error('the hooks could not be installed')
  for (const [path, value] of Object.entries(settings)) backup.set(path.split('.'), value)
}

async function firstNight({ backup, paper }: Stage, check: Check): Promise<void> {
  paper.heading('Night 1: nothing is configured, and Carol is still logged in')
  const night = await backup.night()
  show(paper, night, 'post', check)
  explainDoubt(paper, night.pre)
  paper.say(
    `An image in use changes while it is copied; such a copy looks fine and may never open again. So Carol's is left out, with a warning, since there is no older copy of it yet. Every byte of the other copies was compared with its image. Dave's image was broken before any backup; now somebody knows.`,
  )
  check('night 1 goes on', night.session.exitCode === 0)
  verdicts(night.post, 1, { ben: 'proven', carol: 'not-backed-up', dave: 'bad', erin: 'proven' }, check)
}

async function secondNight({ folder, backup, paper }: Stage, check: Check): Promise<void> {
  paper.heading('Night 2: Carol has logged out')
  const night = await backup.night()
  show(paper, night, 'post', check)
  paper.say(
    `With everything at rest her copy is proven. What did not change since last night did not have to be read again.`,
  )
  check('night 2 goes on', night.session.exitCode === 0)
  verdicts(night.post, 2, { ben: 'proven', carol: 'proven', dave: 'bad', erin: 'proven' }, check)
  check('night 2 copies plain files', existsSync(join(folder, 'destination/Section.0/Users/anna/Documents/letter.txt')))
  check("night 2 copies carol's image", existsSync(imageOf(folder)))
}

async function thirdNight({ folder, backup, paper }: Stage, check: Check): Promise<void> {
  paper.heading('Night 3: Carol is logged in again')
  const night = await backup.night()
  show(paper, night, 'post', check)
  paper.say(
    `Her image is left out again, and its newest good copy lies at its place in Section.0, however long she stays logged in. Of her home rsync was told to take nothing, so that a login or logout in the middle of the night brings none of her readable files into the backup.`,
  )
  check('night 3 goes on', night.session.exitCode === 0)
  verdicts(night.post, 3, { ben: 'proven', carol: 'not-backed-up', dave: 'bad', erin: 'proven' }, check)
  check('night 3 makes a third section', night.session.sections.join(' ') === 'Section.0 Section.1 Section.2')
  check("night 3 keeps carol's copy at its place", existsSync(imageOf(folder)))
}

const imageOf = (folder: string): string => join(folder, 'destination/Section.0/Users/carol/carol.sparsebundle/token')

async function tonight({ backup, paper }: Stage, check: Check): Promise<void> {
  paper.heading('And the next night? Ask before it comes; this changes nothing')
  paper.say(`lbackup-filevault tonight --config ${paper.short(backup.lab.configurationFile)}`)
  const { exitCode, output } = await backup.command('tonight')
  paper.quote(output)
  check('tonight ends with 0, 1 or 2', exitCode <= 2)
  for (const name of ['Ledger', 'carol', 'Archive', 'erin']) {
    check(`tonight names ${name}.sparsebundle`, output.includes(`${name}.sparsebundle`))
  }
}

/** Shows what a hook reported, and checks that it told the same on LBackup's terminal and in its log. */
function show(paper: Paper, night: Night, phase: 'pre' | 'post', check: Check): void {
  const report = night[phase]
  if (report === undefined) {
    paper.quote(night.session.output)
    throw new Error(`the ${phase}-backup hook left no report`)
  }
  paper.table(report)
  check(`the ${phase}-backup hook prints its summary`, night.session.output.includes(report.summary))
  check(`the ${phase}-backup hook writes its summary into LBackup's log`, night.session.log.includes(report.summary))
}

/** Who is not root sees less, and the hooks say so of every image. */
function explainDoubt(paper: Paper, report: Report | undefined): void {
  if (report?.images.some(({ decision }) => decision?.code === 'usage-unknown') !== true) return
  paper.say(
    'Not everything could be looked into from here, so no image counts as known to be at rest, and each is copied with a WARNING!. LBackup usually runs as root, which sees more.',
    '',
  )
}

function verdicts(report: Report | undefined, night: number, expected: Expected, check: Check): void {
  for (const [name, verdict] of Object.entries(expected)) {
    const found = verdictOf(report, name)
    check(`night ${String(night)}: the image of ${name} is ${verdict}, not ${String(found)}`, found === verdict)
  }
  check(`night ${String(night)} names four images`, report?.images.length === Object.keys(expected).length)
}

/** By the home an image lies in: its owner's name depends on the machine. */
const verdictOf = (report: Report | undefined, name: string): Report['images'][number]['verdict'] | undefined =>
  report?.images.find(({ path }) => path.includes(`/Users/${name}/`) || path.includes(`/Users/.${name}/`))?.verdict
