import type { Buffer } from 'node:buffer'
import { programName, protocolVersion, type Verb } from './words.js'

/** How the client says a call came out; see client/PROTOCOL.md. */
export type AnswerStatus = 'ok' | 'partly' | 'missing' | 'refused' | 'unreadable' | 'no-tool' | 'too-much'

const statuses: readonly string[] = ['ok', 'partly', 'missing', 'refused', 'unreadable', 'no-tool', 'too-much']

/** A whole answer. */
export interface Answer {
  readonly status: AnswerStatus
  /** One character for each byte. */
  readonly lines: readonly string[]
  /** What its `problem` lines say. */
  readonly problems: readonly string[]
}

/** Why what was printed is no answer: none of ours at all, one of another version, or one without its end. */
export type NoAnswer = 'absent' | 'other-version' | 'cut-off'

/**
 * Given what a call printed, its nonce and verb, return the answer. One whose last line is missing, or that has another
 * number of lines than it says, was cut off and is worth nothing. What a login shell printed before it does not count.
 */
export function readAnswer(printed: Buffer, nonce: string, verb: Verb): Answer | NoAnswer {
  const text = printed.toString('latin1')
  const name = programName.replace(/-client$/, '')
  const head = new RegExp(`(?:^|\\n)${name} (\\d+) ${nonce} ${verb}\\n`).exec(text)
  if (head === null) return withoutHead(text, name)
  const lines = text.slice(head.index + head[0].length).split('\n')
  const last = lines.length < 2 ? undefined : lines[lines.length - 2]
  const end = last === undefined ? null : new RegExp(`^end ${nonce} ([a-z-]+) (\\d+)$`).exec(last)
  if (end === null || lines.at(-1) !== '' || Number(end[2]) !== lines.length - 2) return 'cut-off'
  if (Number(head[1]) !== protocolVersion) return 'other-version'
  const status = end[1] as string
  if (!statuses.includes(status)) return 'other-version'
  lines.length -= 2
  const problems = lines.filter((line) => line.startsWith('problem ')).map((line) => line.slice('problem '.length))
  return { status: status as AnswerStatus, lines, problems }
}

/** A client of another version need not know what our call says, and answers with neither its nonce nor its verb. */
function withoutHead(text: string, name: string): NoAnswer {
  const version = new RegExp(`(?:^|\\n)${name} (\\d+) `).exec(text)?.[1]
  if (version !== undefined) return Number(version) === protocolVersion ? 'cut-off' : 'other-version'
  const last = text.slice(text.lastIndexOf('\n') + 1)
  return last !== '' && `${name} ${String(protocolVersion)}`.startsWith(last) ? 'cut-off' : 'absent'
}
