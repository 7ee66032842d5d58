import { count, list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { RawPath } from '../text/raw-path.js'
import type { ProofWords } from './verdict.js'

/** As much of a proof as words are made of. */
export interface ProofFacts {
  readonly result: ProofWords['result']
  readonly wrong: readonly WrongFacts[]
  readonly movedOn: number
  readonly because?: string
  readonly counts: {
    readonly checked: number
    readonly members: number
    readonly pieces?: { readonly checked: number; readonly all: number }
    readonly read: number
    readonly bytesRead: number
  }
}

export interface WrongFacts {
  readonly kind: string
  readonly count: number
  readonly members: readonly RawPath[]
  readonly pieces?: readonly number[]
  readonly because?: string
}

const shown = 3

/** Given a proof, return it as half a sentence for an administrator. */
export function proofWords(proof: ProofFacts): ProofWords {
  return { result: proof.result, says: says(proof) }
}

function says({ result, wrong, movedOn, because, counts }: ProofFacts): string {
  const { members, read, bytesRead } = counts
  switch (result) {
    case 'proven': {
      const how = read === 0 ? 'nothing had to be read' : `${count(read, 'file')} read, ${size(bytesRead)}`
      return `every byte equals the image (${count(members, 'member')}, ${how})`
    }
    case 'wrong':
      return wrongWords(wrong)
    case 'unfinished':
      return `checked ${String(percentOf(counts))} %, continues tonight`
    case 'moved-on':
      return `${count(movedOn, 'member')} of the image changed after the copy and could not be compared; the rest is right`
    case 'source-unreadable':
      return `its bytes could not be compared: ${(because ?? 'the image could not be read').replace(/\.$/, '')}`
  }
}

function percentOf({ checked, members, pieces }: ProofFacts['counts']): number {
  const part = pieces ?? { checked, all: members }
  return part.all === 0 ? 100 : Math.floor((part.checked * 100) / part.all)
}

/** Given what is wrong with a copy, return it as half a sentence. */
export const wrongWords = (wrong: readonly WrongFacts[]): string => wrong.map(wordsOf).join('; ')

function wordsOf(wrong: WrongFacts): string {
  const [subject, names, one] = subjectOf(wrong)
  const [is, has, was] = one ? ['is', 'has', 'was'] : ['are', 'have', 'were']
  const where = wrong.pieces === undefined || wrong.pieces.length === 0 ? '' : `, in ${piecesText(wrong.pieces)}`
  switch (wrong.kind) {
    case 'missed-change':
      return `${subject} of the copy ${is} older than the image${names}${where}: LBackup took ${one ? 'it' : 'them'} for unchanged`
    case 'mixed':
      return `${subject} ${was} written while LBackup copied${names}${where}: the copy mixes two moments`
    case 'missing':
      return `${subject} ${is} missing in the copy${names}`
    case 'extra':
      return `${subject} ${is} in the copy and not in the image${names}`
    case 'damaged':
      return `${subject} of the copy ${is} damaged${names}${where}: the bytes on the backup disk are not what was copied`
    case 'unreadable':
      return `${subject} of the copy cannot be read${names} (${wrong.because?.replace(/\.$/, '') ?? 'no reason given'})`
    case 'type':
      return `${subject} ${is} of another type in the copy (file, folder, link), or a link to elsewhere${names}`
    case 'size':
      return `${subject} ${has} another length in the copy${names}`
    default:
      return `${subject} ${has} another time in the copy${names}`
  }
}

const mebibytes = 8

const piecesText = (pieces: readonly number[]): string =>
  `the 8 MiB from ${list(pieces.slice(0, shown).map((piece) => `${String(piece * mebibytes)} MiB`))} on`

/** The one member's name, or how many there are and, in brackets, which. */
function subjectOf({ count: many, members }: WrongFacts): [subject: string, names: string, one: boolean] {
  const names = members.slice(0, shown).map(printable)
  if (many === 1) return [names[0] ?? '1 member', '', true]
  const noun = members.every((member) => /^bands\/[0-9a-f]+$/.test(member)) ? 'band' : 'member'
  const more = many - names.length
  return [count(many, noun), ` (${[...names, ...(more > 0 ? [`${String(more)} more`] : [])].join(', ')})`, false]
}
