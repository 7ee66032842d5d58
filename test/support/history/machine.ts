import { execFile, execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Report } from '../../../lib/generated/report.js'
import type { Lab } from '../session/index.js'
import { runHook, type Fault, type HookEnd } from './hook.js'

/** What comes between the steps of a night. */
export interface Moments {
  readonly beforeCopy?: (() => void) | undefined
  /** Called whenever rsync has ended well, with the folder it made. */
  readonly afterCopy?: ((made: string) => void) | undefined
  readonly pre?: Fault | undefined
  readonly post?: Fault | undefined
  /** LBackup ends without its post actions. */
  readonly withoutPost?: boolean
  /** Its post actions follow a copy that failed, too. */
  readonly postOnError?: boolean
}

export interface NightEnd {
  readonly pre: HookEnd
  /** There is a new section. */
  readonly copied: boolean
  /** undefined: it was not run. */
  readonly post: HookEnd | undefined
}

const running = promisify(execFile)

/** LBackup as far as a set of sections sees it: rsync against the newest section, then the rotation. */
export async function wholeNight(lab: Lab, numRotations: number, moments: Moments): Promise<NightEnd> {
  const pre = await runHook({ lab, numRotations, phase: 'pre', fault: moments.pre })
  // A hook that dies halts the backup: its launcher sees to that.
  if (pre.ended !== 'well') return { pre, copied: false, post: undefined }
  moments.beforeCopy?.()
  const made = await copy(lab)
  if (made === undefined && moments.postOnError !== true) return { pre, copied: false, post: undefined }
  if (made !== undefined) {
    moments.afterCopy?.(made)
    rotate(lab, numRotations)
  }
  const copied = made !== undefined
  if (moments.withoutPost === true) return { pre, copied, post: undefined }
  const order = { lab, numRotations, phase: 'post', backupFailed: !copied, fault: moments.post } as const
  return { pre, copied, post: await runHook(order) }
}

/** As `wholeNight`, or without hooks; returns the post hook's report, if any. */
export async function night(
  lab: Lab,
  numRotations: number,
  { withoutHooks = false, ...moments }: Moments & { readonly withoutHooks?: boolean } = {},
): Promise<Report | undefined> {
  if (!withoutHooks) return (await wholeNight(lab, numRotations, moments)).post?.report
  await nightWithoutHooks(lab, numRotations)
  return undefined
}

/** A night before the hooks were installed. */
export async function nightWithoutHooks(lab: Lab, numRotations: number): Promise<void> {
  if ((await copy(lab)) !== undefined) rotate(lab, numRotations)
}

/** What rsync made; undefined: it failed. */
async function copy(lab: Lab): Promise<string | undefined> {
  const newest = join(lab.destination, 'Section.0')
  const link = existsSync(newest) ? [`--link-dest=${newest}`] : []
  const target = join(lab.destination, 'Section.inprogress')
  rmSync(target, { recursive: true, force: true })
  const options = ['-a', '--numeric-ids', '--delete-excluded', '--modify-window=20']
  const args = [...options, `--exclude-from=${lab.excludesFile}`, ...link, lab.source, target]
  const { code } = await running('rsync', args).then(
    () => ({ code: 0 }),
    (error: unknown) => error as { code: number },
  )
  // 11 and 23: no room, for a file or for a folder. Anything else is no matter of these histories.
  if (code === 11 || code === 23) return undefined
  if (code !== 0) throw new Error(`rsync ended with ${String(code)}`)
  return target
}

function rotate({ destination }: Lab, numRotations: number): void {
  rmSync(join(destination, `Section.${String(numRotations - 1)}`), { recursive: true, force: true })
  for (let number = numRotations - 2; number >= 0; number -= 1) {
    const from = join(destination, `Section.${String(number)}`)
    if (existsSync(from)) renameSync(from, join(destination, `Section.${String(number + 1)}`))
  }
  renameSync(join(destination, 'Section.inprogress'), join(destination, 'Section.0'))
}

/** Holds a file open from a process that is nobody's child; returns how to let go. Both are done when this returns. */
export function holdOpen(path: string): () => void {
  const script = 'exec 3<>"$0"; sleep 3600 >/dev/null 2>&1 </dev/null & echo $!'
  const pid = Number(execFileSync('sh', ['-c', script, path], { encoding: 'utf8' }))
  return () => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It came to its end.
    }
    // It dies only when it gets a processor.
    while (existsSync(`/proc/${String(pid)}/fd/3`));
  }
}
