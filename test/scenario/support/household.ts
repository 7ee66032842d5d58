import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { content } from '../../support/image-writer/content.js'
import { imageDigest, random, simulatedMac, type Random, type SimulatedMac } from '../../support/mac/index.js'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab } from '../../support/session/index.js'
import { slowly } from './night.js'
import { keptCopies, writeImage } from './set.js'

/** Those with FileVault to whom something happens. */
export const users = ['bob', 'carol']

/** A Mac with users of every kind, the set that is made of it, and what a seed lets happen to them. */
export interface Household {
  readonly lab: Lab
  readonly mac: SimulatedMac
  readonly stateFolder: string
  readonly numbers: Random
  readonly level: 'compare' | 'structure'
  /** What was done, for whoever must understand a failure. */
  readonly diary: string[]
  /** Users to whose image something was done since the night began. */
  readonly touched: Set<string>
}

const policies = [
  {},
  { ifInUse: 'copy-and-prove' },
  { ifInUse: 'wait', waitMinutes: 0.005, ifStillInUse: 'copy-and-prove' },
]
const canMount = process.platform === 'linux' && process.geteuid?.() === 0

/** Given a seed, make a household. To dora's image, and to the containers in zoe's home, nothing ever happens. */
export function household(seed: number): Household {
  const numbers = random(seed)
  const lab = makeLab({
    excludes: '# mine\r\n*.tmp\n\n+ /source/keep',
    settings: {
      ...slowly,
      numRotations: String(1 + numbers.below(3)),
      post_actions_on_backup_error: numbers.pick(['YES', 'NO']),
      ignore_rsync_vanished_files: numbers.pick(['YES', 'YES', 'NO']),
    },
  })
  const mac = simulatedMac(lab.source, seed)
  for (const name of ['alice', 'zoe']) {
    mac.addUser(name)
    writeFileSync(join(lab.source, name, '1'), Buffer.alloc(128 * 1024, name))
  }
  mac.addUser('bob', { fileVault: 'sparsebundle', inDirectory: numbers.below(4) > 0 })
  // rsync is busy with band 3 for a while; that it is there now is noted with the next change.
  writeFileSync(join(mac.imageOf('bob'), 'bands/3'), content(`${String(seed)} large`, 768 * 1024))
  mac.write('bob')
  mac.addUser('carol', { fileVault: 'sparseimage', inDirectory: numbers.below(4) > 0 })
  mac.addUser('dora', { fileVault: 'sparsebundle' })
  for (const name of ['a', 'b', 'c', 'd', 'e']) writeImage(join(lab.source, `zoe/${name}.sparsebundle`), name)
  const policy = numbers.pick(policies)
  const level = numbers.pick(['compare', 'structure'] as const)
  const repair = numbers.pick(['on', 'on', 'off'])
  const wishes = { policies: [policy], repair, verify: { level } }
  const stateFolder = protect(lab, { ...mac.configuration, ...wishes, watch: { interval: 0.1 } })
  const diary = [JSON.stringify(wishes)]
  return { lab, mac, stateFolder, numbers, level, diary, touched: new Set() }
}

/** One thing that happens: somebody logs in, works, leaves, comes to the console, or another machine writes his image. */
export function happen({ mac, numbers, diary, touched }: Household, when: string, to = users): void {
  const name = numbers.pick(to)
  const deed = numbers.pick(deedsFor(mac, name))
  const mount = canMount && numbers.below(2) === 0
  diary.push(`${when}: ${deed} ${name}${deed === 'logIn' && mount ? ', mounted' : ''}`)
  for (const user of deed === 'crash' ? users.filter((one) => mac.isLoggedIn(one)) : [name]) touched.add(user)
  if (deed === 'crash') mac.crash()
  else if (deed === 'logIn') mac.logIn(name, { mount })
  else mac[deed](name)
}

function deedsFor(mac: SimulatedMac, name: string) {
  if (mac.isLoggingOut(name)) return ['goOn', 'goOn', 'goOn', 'crash'] as const
  if (mac.isLoggedIn(name))
    return ['write', 'write', 'logOut', 'beginLogOut', 'beginLogOut', 'switchTo', 'crash'] as const
  return ['logIn', 'logIn', 'write'] as const
}

/** The machine that runs LBackup is the Mac itself, and its power is cut: nothing of the session lives on. */
export function cutPower({ mac, lab, stateFolder, diary }: Household, session: { readonly pid: number }): void {
  diary.push('the power is cut')
  for (const pid of [-session.pid, ...watchersOf(stateFolder)]) process.kill(pid, 'SIGKILL')
  mac.crash()
  // The next LBackup would refuse to run, as it does after a power cut.
  rmSync(lab.lockFile, { force: true })
}

/** The watch may not have begun yet, so that no journal names it. */
const watchersOf = (stateFolder: string): number[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.endsWith(` ${stateFolder}/watch.json`))
    .map((line) => Number.parseInt(line, 10))

/** Digests of a user's image wherever a copy of it lies on the backup disk. */
export function copiesOf({ lab, mac }: Household, name: string): string[] {
  const file = basename(mac.imageOf(name))
  const inSections = lab.sections().flatMap((section) => {
    return [name, `.${name}`].map((home) => join(lab.destination, section, 'source', home, file))
  })
  return [...inSections, ...keptCopies(lab, file)].filter((path) => existsSync(path)).map(imageDigest)
}
