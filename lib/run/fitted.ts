import { Buffer } from 'node:buffer'
import type { ReportedFinding } from '../generated/report.js'
import { fairShare } from '../text/fair-share.js'
import { count } from '../text/measure.js'
import { mostBytes } from './record.js'

/** Given how many entries a document has no room for, and its name, return what is to be said. */
export const tooMany = (leftOut: number, name: string): ReportedFinding[] =>
  leftOut === 0
    ? []
    : [
        {
          code: 'images-too-many',
          severity: 'warning',
          message: `${count(leftOut, 'image')} of users who have most of them ${leftOut === 1 ? 'has' : 'have'} no room in ${name}; nothing is known of ${leftOut === 1 ? 'it' : 'them'} later.`,
          cure: 'Look with lbackup-filevault discover for a user who has very many images.',
        },
      ]

/** What the other parts of a document may still grow by until it is written last. */
const spare = 64 * 1024

/**
 * Given a document and the name of its list, return it with as much of the list as is read again, and how many entries
 * are left out. One user's very many cost nobody else an entry.
 */
export function fitted<
  Key extends string,
  Document extends Readonly<Record<Key, readonly { readonly user: string }[]>>,
>(document: Document, key: Key): { readonly document: Document; readonly leftOut: number } {
  const bytes = (part: object): number => Buffer.byteLength(JSON.stringify(part)) + 1
  const all = document[key]
  const rest = bytes({ ...document, [key]: [] }) + spare
  const sizes = new Map(all.map((entry) => [entry, bytes(entry)]))
  const sizeOf = (entry: { readonly user: string }): number => sizes.get(entry) ?? 0
  if (all.reduce((sum, entry) => sum + sizeOf(entry), rest) <= mostBytes) return { document, leftOut: 0 }
  const kept = fairShare<{ readonly user: string }>(all, sizeOf, mostBytes - rest)
  return { document: { ...document, [key]: kept }, leftOut: all.length - kept.length }
}
