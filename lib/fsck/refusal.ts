import type { CommandResult } from '../system/process.js'
import { noAnswer } from '../system/tool-answer.js'

/** Why something could not be checked: half a sentence, and what to do. */
export interface Refusal {
  readonly because: string
  readonly cure: string
}

/** The words, of which any part may stand in hdiutil's message, its number, and what they mean. */
const meanings: readonly (Refusal & { readonly words: RegExp; readonly numbers: readonly number[] })[] = [
  {
    words: /authentication error/i,
    numbers: [80],
    because: 'hdiutil did not take the passphrase',
    cure: 'Correct the passphrase that `passphrases` or the command line names.',
  },
  {
    words: /resource temporarily unavailable/i,
    numbers: [35],
    because: 'another process or machine holds it locked',
    cure: 'See in `hdiutil info` what is attached, and try again.',
  },
  {
    words: /resource busy/i,
    numbers: [16],
    because: 'it is in use',
    cure: 'See in `hdiutil info` what is attached, and try again.',
  },
  {
    words: /not recogni[sz]ed/i,
    numbers: [107],
    because: 'hdiutil takes it for no disk image, or its header is damaged',
    cure: 'See what `verify` and `inspect` say of it; restore an older copy where it is damaged.',
  },
  {
    words: /corrupt/i,
    numbers: [108],
    because: 'hdiutil says that the image is damaged',
    cure: 'See what `verify` and `inspect` say of it; restore an older copy where it is damaged.',
  },
  {
    words: /no mountable file systems/i,
    numbers: [109],
    because: 'hdiutil finds no file system in it that a Mac can mount: it is empty, foreign or damaged',
    cure: 'See with `inspect` what it holds.',
  },
  {
    words: /cancell?ed/i,
    numbers: [112],
    because: 'hdiutil says that a user cancelled it, as where it wanted to ask for a passphrase',
    cure: 'Name the passphrase in `passphrases` or on the command line.',
  },
  {
    words: /operation not permitted|permission denied|not supported/i,
    numbers: [1, 13, 45],
    because: 'macOS does not permit it',
    cure: 'Give the program that starts the backup Full Disk Access (System Settings, Privacy & Security).',
  },
  {
    words: /internal error/i,
    numbers: [999],
    because: 'hdiutil met an internal error',
    cure: 'Try again; where it comes back, attach a restored copy by hand and look at what Disk Utility says.',
  },
]

/**
 * Given what came of an hdiutil that failed, return why. Its texts and numbers are known from captures and sources of
 * other programs; that newer versions say the same is assumed, so any of text and number will do.
 */
export function refusalOf(result: CommandResult): Refusal {
  const { file } = result
  if (result.timedOut || result.tooMuchOutput || result.startError !== undefined) {
    return { because: plain(noAnswer(result)), cure: `Run ${file} by hand and look at what it does.` }
  }
  const text = result.stderr.toString('latin1')
  const number = /(?:error|code"?\s*=?)[\s(:]*-?(\d{1,6})/i.exec(text)?.[1]
  const known =
    meanings.find(({ words }) => words.test(text)) ??
    meanings.find(({ numbers }) => numbers.includes(Number(number ?? Number.NaN)))
  if (known !== undefined) return { because: known.because, cure: known.cure }
  return { because: plain(noAnswer(result)), cure: `Run ${file} by hand and look at what it prints.` }
}

/** Tell whether hdiutil failed because something is still in use. Detaching a busy volume ends with 16. */
export const isBusy = ({ exitCode, stderr }: CommandResult): boolean =>
  exitCode === 16 || /busy|temporarily unavailable/i.test(stderr.toString('latin1'))

const plain = (sentence: string | undefined): string =>
  (sentence ?? 'hdiutil failed').replace(/: run it by hand.*$/s, '')
