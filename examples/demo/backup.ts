import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyEdits, modify } from 'jsonc-parser'
import type { Report } from '../../lib/generated/report.js'
import { makeLab, startSession, type Host, type Lab, type SessionResult } from '../../test/support/session/index.js'
import type { Program } from './package.js'

/** What one night brought. */
export interface Night {
  readonly session: SessionResult
  /** What each hook reported, if it ran. */
  readonly pre: Report | undefined
  readonly post: Report | undefined
}

/** An LBackup configuration in the demonstration's folder. */
export interface Backup {
  readonly lab: Lab
  /** Runs a verb of our command line on it. */
  command(verb: string): Promise<{ exitCode: number; output: string }>
  /** Sets one thing in filevault.json; its comments stay. */
  set(path: readonly (string | number)[], value: unknown, insert?: boolean): void
  night(): Promise<Night>
  /** Ends what runs, at once. */
  kill(): void
}

/** Given the folder, the installed package, who runs the sessions and the program for rsync, if it is not the usual one. */
export function makeBackup(folder: string, program: Program, host: Host, rsync: string | undefined): Backup {
  const source = join(folder, 'Users')
  mkdirSync(source)
  // Without them a halted or failed night would leave no word.
  const settings = { post_actions_on_backup_error: 'YES', ignore_rsync_vanished_files: 'YES' }
  const lab = makeLab({ backupSource: source, settings }, folder)
  rmdirSync(lab.source)
  const file = join(lab.configurationFolder, 'filevault.json')
  const reports = join(folder, 'reports')
  const running = new Set<() => void>()
  return {
    lab,
    command(verb) {
      const args = [program.file, verb, '--config', lab.configurationFile]
      const env = { PATH: process.env['PATH'], HOME: folder }
      return new Promise((resolve) => {
        const child = execFile(program.node, args, { timeout: 60_000, env }, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code
          const exitCode = typeof code === 'number' ? code : 70
          // It tells its progress there.
          resolve({ exitCode, output: exitCode <= 1 ? stdout : stdout + stderr })
        })
        running.add(() => void child.kill('SIGKILL'))
      })
    },
    set(path, value, insert = false) {
      const text = readFileSync(file, 'utf8')
      const options = { isArrayInsertion: insert, formattingOptions: { tabSize: 2, insertSpaces: true } }
      writeFileSync(file, applyEdits(text, modify(text, [...path], value, options)))
    },
    async night() {
      rmSync(reports, { recursive: true, force: true })
      mkdirSync(reports)
      const session = startSession(host, lab, rsync === undefined ? {} : { rsync })
      const end = (): void => session.signal('SIGKILL', 'group')
      running.add(end)
      const result = await session.result
      running.delete(end)
      const all = readdirSync(reports).map((name) => JSON.parse(readFileSync(join(reports, name), 'utf8')) as Report)
      const of = (wanted: Report['phase']): Report | undefined => all.find(({ phase }) => phase === wanted)
      return { session: result, pre: of('pre'), post: of('post') }
    },
    kill() {
      for (const end of running) end()
    },
  }
}

/** Given the folder, return a program there that stands in for rsync: our own copier. */
export function standIn(folder: string): string {
  const [loader, copier] = [import.meta.resolve('tsx'), fileURLToPath(new URL('./copier.ts', import.meta.url))]
  const path = join(folder, 'bin/rsync')
  mkdirSync(join(folder, 'bin'), { recursive: true })
  const words = [process.execPath, `--import=${loader}`, copier].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  writeFileSync(path, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 })
  return path
}

/** Given the folder, return a program for `report.command` there that keeps each report. */
export function reportKeeper(folder: string): string {
  const path = join(folder, 'bin/keep-report')
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(path, '#!/bin/sh\nexec cat >"${0%/bin/*}/reports/$$.json"\n', { mode: 0o755 })
  return path
}

/** Tells whether LBackup's rsync is on this machine. */
export const haveRsync = (): boolean => process.env['DEMO_WITHOUT_RSYNC'] !== '1' && existsSync('/usr/bin/rsync')
