import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { printable } from '../text/printable.js'
import { fromBytes, toBytes, type RawPath } from '../text/raw-path.js'
import type { BlockOwner } from './excludes-type.js'
import { blockLines, mark, ownerOf } from './markers.js'

/** An excludes file taken apart. */
export interface TakenApart {
  /** The administrator's bytes, exactly; the whole file where no line is ours. */
  readonly administrator: Buffer
  /** Rules of ours that were taken out, in order, as bytes. */
  readonly rules: readonly RawPath[]
  /** The begin markers found: none, one, or more where runs died. */
  readonly owners: readonly BlockOwner[]
  /** Rules announced as ours whose line does not follow: somebody removed, changed or moved it. */
  readonly missing: readonly RawPath[]
  /** Whether any line was ours. */
  readonly found: boolean
}

interface Line {
  readonly text: string
  readonly end: '\n' | '\r\n' | '\r' | ''
}

/** Given the file's bytes, return its lines as rsync reads them: CR and LF both end a line (rsync exclude.c). */
function lines(bytes: Buffer): Line[] {
  const found: Line[] = []
  const text = fromBytes(bytes)
  let at = 0
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) {
    found.push({ text: text.slice(at, index), end: end as Line['end'] })
    at = index + end.length
  }
  if (at < text.length) found.push({ text: text.slice(at), end: '' })
  return found
}

/**
 * Given an excludes file's bytes, return what is the administrator's and what is ours, byte-exactly. A line is ours if it
 * starts with the mark, or repeats the rule that a marked line before it announces, with at most blank lines and comments
 * in between. Nothing else is taken out, whatever markers are torn, doubled or lost.
 */
export function takeApart(bytes: Buffer): TakenApart {
  const kept: string[] = []
  const rules: RawPath[] = []
  const owners: BlockOwner[] = []
  const missing: RawPath[] = []
  let found = false
  let announced: string | undefined
  const announce = (rule: string | undefined): void => {
    if (announced !== undefined) missing.push(announced as RawPath)
    announced = rule
  }
  for (const { text, end } of lines(bytes)) {
    if (text.startsWith(mark)) {
      found = true
      const word = text.slice(mark.length)
      announce(word.startsWith('= ') ? word.slice(2) : undefined)
      const owner = ownerOf(word)
      if (owner !== undefined) owners.push(owner)
    } else if (text === announced) {
      rules.push(text as RawPath)
      announced = undefined
    } else {
      if (!isIdle(text)) announce(undefined)
      kept.push(text, end)
    }
  }
  announce(undefined)
  const administrator = found ? toBytes(kept.join('') as RawPath) : bytes
  return { administrator, rules, owners, missing, found }
}

/** Given an excludes file's bytes, return them without any block of ours. */
export const stripBlock = (bytes: Buffer): Buffer => takeApart(bytes).administrator

/**
 * Given an excludes file's bytes, whose run it is and the rules, return the file with our block as its first lines and the
 * administrator's bytes after it; a block that was there is replaced. Throws OperationalError for a line `!` below.
 */
export function withBlock(bytes: Buffer, owner: BlockOwner, rules: readonly RawPath[]): Buffer {
  const administrator = stripBlock(bytes)
  refuseReset(administrator)
  const block = blockLines(owner, rules).map((line) => `${line}\n`)
  return Buffer.concat([toBytes(block.join('') as RawPath), administrator])
}

/** rsync skips empty lines and lines that start with `#` or `;` (rsync manual, "FILTER RULES"). */
const isIdle = (text: string): boolean => text === '' || text.startsWith('#') || text.startsWith(';')

/** Given the administrator's bytes, return the number of the first line that makes rsync forget all rules before it. */
export function resetLine(administrator: Buffer): number | undefined {
  // rsync sees a line up to its first NUL; only a line of nothing but `!` resets, `! ` and `!x` are patterns.
  const index = lines(administrator).findIndex(({ text }) => text.split('\0', 1)[0] === '!')
  return index < 0 ? undefined : index + 1
}

/** Given the administrator's bytes and, for the message, the file, throw where a `!` line would cancel our rules. */
export function refuseReset(administrator: Buffer, file?: RawPath): void {
  const line = resetLine(administrator)
  if (line === undefined) return
  const where = file === undefined ? 'the excludes file' : `the excludes file ${printable(file)}`
  throw new OperationalError(
    'excludes-reset',
    `Line ${String(line)} of ${where} is a single exclamation mark: it makes rsync forget every rule above it, ours for the disk images included.`,
    `Remove line ${String(line)}. The lines above it were without effect so far: remove those you do not want to come into force.`,
  )
}
