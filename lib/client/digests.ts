import { Buffer } from 'node:buffer'
import { OperationalError } from '../finding/operational-error.js'
import { memberName, type MemberTable } from '../image/member-table.js'
import { jobState } from '../prove/hash-tasks.js'
import type { Digested, SourceBytes } from '../prove/source-side.js'
import type { RawPath } from '../text/raw-path.js'
import { callClient } from './call.js'
import type { Client } from './client-type.js'
import { odd } from './line.js'
import { toHex } from './words.js'

// Asked for at a time: what is cut off, or comes after the deadline, is asked for again in the next run.
const mostMembers = 4096
const mostBytes = 1024 * 1024 * 1024

/** Given a client and an image on it, return how its bytes are digested there. */
export function clientBytes(client: Client, path: RawPath): SourceBytes {
  return {
    async members(table, rows, digests, deadline) {
      const states = new Uint8Array(rows.length)
      let [bytes, files, at] = [0, 0, 0] as [number, number, number]
      let failure: string | undefined
      while (at < rows.length && Date.now() <= deadline) {
        const end = chunkEnd(table, rows, at)
        const told = await ask(client, path, table, rows.slice(at, end))
        told.forEach((answer, index) => {
          const row = rows[at + index] as number
          if (typeof answer === 'string') {
            states[at + index] = jobState.failed
            failure ??= answer
            return
          }
          digests.set(answer, row * 32)
          states[at + index] = jobState.done
          bytes += table.size[row] as number
          files += 1
        })
        at = end
      }
      return { states, bytes: bytes, files: files, ...(failure === undefined ? {} : { failure }) }
    },
    pieces: (first, count, digests) => pieces(client, path, first, count, digests),
  }
}

function chunkEnd(table: MemberTable, rows: readonly number[], start: number): number {
  let bytes = 0
  let end = start
  while (end < rows.length && end - start < mostMembers && (end === start || bytes <= mostBytes)) {
    bytes += table.size[rows[end] as number] as number
    end += 1
  }
  return end
}

/** One digest for each row, or half a sentence why there is none. */
async function ask(
  client: Client,
  path: RawPath,
  table: MemberTable,
  rows: readonly number[],
): Promise<(Buffer | string)[]> {
  const names = rows.map((row) => memberName(table, row).replaceAll('\n', '\u0001'))
  const input = Buffer.from(`${names.join('\n')}\n`, 'latin1')
  const answer = await callClient(client, 'digests', [toHex(path)], { input })
  if (answer.status !== 'ok' && answer.status !== 'partly') throw notDigested(answer.status, answer.problems)
  const lines = answer.lines.filter((line) => line.startsWith('h ') || line.startsWith('e '))
  if (lines.length !== names.length) throw odd('it digested another number of members than it was asked for')
  return lines.map((line, at) => {
    const [kind, word, ...rest] = line.split(' ')
    if (rest.join(' ') !== names[at]) throw odd('it digested other members than it was asked for')
    if (kind === 'h' && /^[0-9a-f]{64}$/.test(word ?? '')) return Buffer.from(word as string, 'hex')
    return `the client could not read ${names[at]} (${word ?? ''})`
  })
}

async function pieces(
  client: Client,
  path: RawPath,
  first: number,
  count: number,
  digests: Uint8Array,
): Promise<Digested> {
  const answer = await callClient(client, 'digests', [toHex(path), String(first), String(count)])
  if (answer.status !== 'ok') throw notDigested(answer.status, answer.problems)
  const lines = answer.lines.filter((line) => line.startsWith('p '))
  if (lines.length > count) throw odd('it digested more pieces than it was asked for')
  lines.forEach((line, at) => {
    const match = /^p (\d+) (\d+) ([0-9a-f]{64})$/.exec(line)
    if (match === null || Number(match[1]) !== first + at) throw odd('it digested other pieces than it was asked for')
    digests.set(Buffer.from(match[3] as string, 'hex'), (first + at) * 32)
  })
  const bytes = lines.reduce((sum, line) => sum + Number(line.split(' ')[2]), 0)
  return { states: new Uint8Array(lines.length).fill(jobState.done), bytes, files: 0 }
}

const notDigested = (status: string, problems: readonly string[]): OperationalError =>
  new OperationalError(
    'client-no-digests',
    status === 'no-tool'
      ? 'The client has no program that makes sha256 digests (openssl, shasum or sha256sum), so bytes cannot be compared.'
      : `The client could not digest the image (${status}${problems[0] === undefined ? '' : `: ${problems[0]}`}).`,
    'Bring its program up to date, or set verify.level to structure.',
  )
