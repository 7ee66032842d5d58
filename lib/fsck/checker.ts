import type { Buffer } from 'node:buffer'
import { noAnswer } from '../system/tool-answer.js'
import type { System } from '../system/system.js'
import { printable } from '../text/printable.js'
import { fromBytes, type RawPath } from '../text/raw-path.js'
import type { AttachedFileSystem } from './entities.js'

/** What one of Apple's checkers says of one file system. */
export interface Checked {
  readonly checker: 'fsck_hfs' | 'fsck_apfs'
  /** `sound`: it found nothing wrong. */
  readonly state: 'sound' | 'damaged' | 'unchecked'
  /** What it printed of damage, or why it did not check: half a sentence; empty where sound. */
  readonly says: string
}

const checkers = {
  // Without -f it leaves a volume with a journal unchecked, and says so with success.
  hfs: { tool: 'fsckHfs', name: 'fsck_hfs', options: ['-f', '-n'] },
  apfs: { tool: 'fsckApfs', name: 'fsck_apfs', options: ['-n'] },
} as const

const mostOutput = 8 * 1024 * 1024
const damage = /corrupt|needs to be repaired|needs repair|invalid|damaged|incorrect|overlap|missing/i
const notChecked = /no checking performed/i
const journal = /journal.*(?:replay|read-only)/i

/**
 * Given the machine and a file system of an attached image, let Apple's checker look at it without writing, for at most
 * that many seconds. Assumed, for no recording shows it: success (0) means nothing is wrong; else it is damage where its
 * words say so, and anything else, a journal that would have to be played back among it, leaves it unchecked.
 */
export async function checkFileSystem(
  system: System,
  { device, kind }: AttachedFileSystem,
  { seconds, cancel }: { seconds: number; cancel?: AbortSignal },
): Promise<Checked> {
  const { tool, name: checker, options } = checkers[kind]
  const raw = device.replace('/dev/', '/dev/r')
  const result = await system.tool(tool, [...options, raw], {
    timeoutSeconds: seconds,
    maxOutputBytes: mostOutput,
    ...(cancel === undefined ? {} : { cancel }),
  })
  const lines = [...linesOf(result.stdout), ...linesOf(result.stderr)]
  const skipped = lines.find((line) => notChecked.test(line))
  if (skipped !== undefined) return { checker, state: 'unchecked', says: skipped }
  if (result.exitCode === 0) return { checker, state: 'sound', says: '' }
  if (result.exitCode === undefined || result.timedOut) {
    return { checker, state: 'unchecked', says: (noAnswer(result) ?? '').replace(/: run it by hand.*$/s, '') }
  }
  const unplayed = lines.find((line) => journal.test(line))
  if (unplayed !== undefined) return { checker, state: 'unchecked', says: unplayed }
  const found = lines.find((line) => damage.test(line))
  if (found !== undefined) return { checker, state: 'damaged', says: found }
  return { checker, state: 'unchecked', says: (noAnswer(result) ?? '').replace(/: run it by hand.*$/s, '') }
}

const linesOf = (bytes: Buffer): string[] =>
  printableLines(bytes)
    .map((line) =>
      line
        .replace(/^[*\s]+/, '')
        .slice(0, 200)
        .replace(/\.$/, ''),
    )
    .filter((line) => line !== '')

const printableLines = (bytes: Buffer): string[] =>
  fromBytes(bytes)
    .split('\n')
    .map((line) => printable(line as RawPath))
