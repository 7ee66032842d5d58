import type { Finding } from '../finding/finding.js'
import { OperationalError } from '../finding/operational-error.js'
import { withAttached } from '../fsck/attachment.js'
import { checkFileSystem, type Checked } from '../fsck/checker.js'
import type { Refusal } from '../fsck/refusal.js'
import { withScratchCopy } from '../fsck/scratch-copy.js'
import { passphraseFor } from '../passphrase/choose.js'
import { withPassphrase, type PassphraseSource } from '../passphrase/passphrase.js'
import { beforeTheEnd } from '../system/call-to-end.js'
import { list } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'
import type { Inside } from '../verify/verdict.js'
import { insideChecker, type CheckInside, type CopyInside } from './check-inside.js'
import type { RunContext } from './context.js'

export interface FileSystemCheckOptions {
  /** LBackup's: what is checked lies there. */
  readonly backupDest: RawPath
  /** Milliseconds since 1970; without it each image has `verify.minutes`. */
  readonly deadline?: number
  /** One passphrase for all images. */
  readonly given?: PassphraseSource
}

type Machine = Pick<RunContext, 'config' | 'system'>

const gigabyte = 1024 ** 3

/**
 * Given the settings, a Mac, and where the backup lies, return the check of the disk inside of a copy that goes on, where
 * `insideChecker` finds no error, to Apple's own checkers. They get a clone of the copy in a folder of ours on the backup
 * disk, attached read-only and unmounted; neither the copy nor the image at its source is ever attached.
 */
export function fileSystemChecker({ config, system }: Machine, options: FileSystemCheckOptions): CheckInside {
  const checkHeads = insideChecker({ config, system }, options.given)
  return async (copy) => {
    const heads = await checkHeads(copy)
    if (heads.state === 'unchecked' && !heads.failed) return heads
    if (heads.state === 'checked' && heads.findings.some(({ severity }) => severity === 'error')) return heads
    return together(heads, await checkWhole({ config, system }, options, copy))
  }
}

interface Whole {
  readonly checked: readonly Checked[]
  readonly refused?: Refusal
  readonly stillAttached?: string
}

async function checkWhole(
  { config, system }: Machine,
  options: FileSystemCheckOptions,
  copy: CopyInside,
): Promise<Whole> {
  const now = system.now().getTime()
  const deadline = Math.min(options.deadline ?? Infinity, now + config.verify.minutes * 60_000)
  const secondsLeft = (): number => (deadline - system.now().getTime()) / 1000
  if (secondsLeft() <= 0) return { checked: [], refused: overdue }
  const source =
    copy.encryption === 'none' ? undefined : (options.given ?? passphraseFor(config.passphrases, copy.image))
  const order = {
    backupDest: options.backupDest,
    copy,
    counts: copy.counts,
    mostCopiedBytes: config.verify.copyGigabytes * gigabyte,
    deadline,
  }
  try {
    return await beforeTheEnd((cancel) =>
      withScratchCopy(system, order, async (image) => {
        if (cancel.aborted) return { keep: false, checked: [], refused: called }
        const passphrase = source && {
          passphrase: <R>(use: (bytes: Buffer) => Promise<R>) => withPassphrase(source, system, use),
        }
        const { came, stillAttached } = await withAttached(system, { image, cancel, ...passphrase }, async (disk) => {
          const checked: Checked[] = []
          for (const one of disk.fileSystems)
            checked.push(await checkFileSystem(system, one, { seconds: Math.max(1, secondsLeft()), cancel }))
          return { checked }
        })
        const said = 'refused' in came ? { checked: [], refused: came.refused } : came
        return stillAttached === undefined ? { keep: false, ...said } : { keep: true, ...said, stillAttached }
      }),
    )
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { checked: [], refused: { because: error.message.replace(/\.$/, ''), cure: error.cure } }
  }
}

const overdue: Refusal = {
  because: 'the time of this run is over',
  cure: 'Raise verify.minutes.',
}
const called: Refusal = { because: 'the program was called to its end', cure: 'Run it again.' }
const nothingToCheck: Refusal = {
  because: 'hdiutil tells of no HFS or APFS file system in it',
  cure: 'See with `inspect` what it holds.',
}

function together(heads: Inside, { checked, refused, stillAttached }: Whole): Inside {
  const why = refused ?? (checked.length === 0 ? nothingToCheck : undefined)
  if (heads.state === 'unchecked' && why !== undefined) {
    const left = stillAttached === undefined ? '' : `; its clone is still attached as ${stillAttached}`
    return { ...heads, because: `${heads.because}; nor by Apple's checkers, because ${why.because}${left}` }
  }
  const findings = [
    ...(heads.state === 'checked' ? heads.findings : [notRead(heads.because)]),
    ...(why === undefined ? [] : [unchecked(why)]),
    ...checked.flatMap(findingOf),
    ...(stillAttached === undefined ? [] : [leftAttached(stillAttached)]),
  ]
  const sound = [...new Set(checked.filter(({ state }) => state === 'sound').map(({ checker }) => checker))]
  const words = [
    ...(heads.state === 'checked' ? [heads.holds] : []),
    ...(sound.length === 0 ? [] : [`${list(sound)} found nothing wrong`]),
  ]
  return { state: 'checked', findings, holds: words.join('; ') }
}

function findingOf({ checker, state, says }: Checked): Finding[] {
  if (state === 'sound') return []
  if (state === 'unchecked') {
    return [unchecked({ because: `${checker} did not: ${says}`, cure: `Run ${checker} on a restored copy by hand.` })]
  }
  const message = `${checker} found damage: ${says}.`
  const cure =
    "Restore a copy that is whole; else repair the image itself with Disk Utility's First Aid while nobody uses it."
  return [{ code: 'filesystem-damaged', severity: 'error', message, cure }]
}

const unchecked = ({ because, cure }: Refusal): Finding => ({
  code: 'filesystem-unchecked',
  severity: 'warning',
  message: `Apple's checkers could not check it, because ${because}.`,
  cure,
})

const notRead = (because: string): Finding => ({
  code: 'volume-unchecked',
  severity: 'info',
  message: `Its heads were not checked, because ${because}.`,
})

const leftAttached = (device: string): Finding => ({
  code: 'filesystem-left-attached',
  severity: 'warning',
  message: `A clone of the copy is still attached as ${device}, and could not be detached.`,
  cure: `Run: hdiutil detach ${device} (with -force where it stays busy); the next run removes the clone.`,
})
