import { spawn } from 'node:child_process'
import { lchownSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { v2Header } from '../../test/support/image-writer/encryption-header.js'
import { writeSparseBundle } from '../../test/support/image-writer/sparse-bundle.js'

const kibibyte = 1024

/** Who lives in the demonstration's /Users. */
export const people = [
  ['anna', 'plain files, no disk image'],
  ['ben', 'Ledger.sparsebundle, detached'],
  ['carol', 'an encrypted home (FileVault), logged in: her image is attached'],
  ['dave', 'Archive.sparsebundle, of which a band was lost long ago; nobody has noticed'],
  ['erin', 'an encrypted home (FileVault), logged out'],
] as const

/** Carol, logged in. */
export interface LoggedIn {
  /** Lets go of her image and puts everything where macOS puts it at logout. */
  logOut(): Promise<void>
  /** For an abrupt end. */
  kill(): void
}

/** Given the folder to fill, make the five homes with their images; everybody is logged out. */
export function makeHomes(users: string): void {
  const write = (path: string, text: string): void => writeFileSync(join(users, path), `${text}\n`)
  for (const home of ['anna/Documents', 'ben', 'carol', 'dave', 'erin']) {
    mkdirSync(join(users, home), { recursive: true })
  }
  write('anna/Documents/letter.txt', 'Dear Ben, the accounts are in your ledger.')
  write('ben/todo.txt', 'close the ledger')
  writeSparseBundle(join(users, 'ben/Ledger.sparsebundle'), { seed: 'ben', bands: bands(0, 2) })
  writeSparseBundle(join(users, 'dave/Archive.sparsebundle'), { seed: 'dave', bands: bands(0, 1, 2), mapped: true })
  rmSync(join(users, 'dave/Archive.sparsebundle/bands/1'))
  for (const name of ['carol', 'erin']) {
    writeSparseBundle(join(users, name, `${name}.sparsebundle`), {
      seed: name,
      bands: bands(0, 1),
      token: v2Header(name),
    })
  }
  // On a real server each home has an owner of its own; numbers without a name make the hooks tell the home's name.
  if (process.geteuid?.() === 0) people.forEach(([name], index) => own(join(users, name), 50_101 + index))
}

const bands = (...indexes: number[]): { index: number; length: number }[] =>
  indexes.map((index) => ({ index, length: 64 * kibibyte }))

function own(path: string, uid: number): void {
  try {
    lchownSync(path, uid, uid)
  } catch {
    // A container may not know these numbers; then everything stays root's.
    return
  }
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) lchownSync(join(path, name), uid, uid)
}

/**
 * Given the folder of homes, log Carol in: as macOS does, her image moves to a hidden folder and a program holds it open.
 * Her home stays empty: on a Mac her volume would be mounted there, which only root could imitate.
 */
export async function logIn(users: string): Promise<LoggedIn> {
  const [home, hidden] = [join(users, 'carol'), join(users, '.carol')]
  const image = 'carol.sparsebundle'
  mkdirSync(hidden)
  renameSync(join(home, image), join(hidden, image))
  const program = `
    require('node:fs').openSync(process.argv[1], 'r+')
    process.title = 'carol-at-work'
    process.stdin.resume().on('end', () => process.exit())
    process.stdout.write('open')`
  const child = spawn(process.execPath, ['-e', program, join(hidden, image, 'token')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('error', reject)
    child.once('exit', () => reject(new Error("the program that holds Carol's image open did not start")))
  })
  return {
    async logOut() {
      child.stdin.end()
      await ended
      renameSync(join(hidden, image), join(home, image))
      rmSync(hidden, { recursive: true })
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
