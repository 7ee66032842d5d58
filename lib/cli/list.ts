import { parseArgs } from 'node:util'
import type { Listing, ListingCopy } from '../generated/listing.js'
import { listCopies, type ListedCopy } from '../restore/copies.js'
import { copiesNamed } from '../restore/choose.js'
import { table } from '../report/table.js'
import { size } from '../text/measure.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { printDocument } from './output.js'
import { storeOf } from './store-of.js'

export const summary = 'every copy of every image, with its date and what is known of it'

export const help = `usage: lbackup-filevault list [IMAGE] --config FILE | --backup-dest DIR [--json]

Lists the copies of images in all sections and in the store, newest first: what
the state folder knows, what labels beside the copies say, and, in sections
without labels, what a search finds. IMAGE is a slot, a path, a file name or a
user, where that is unique. Works without the state folder and, with
--backup-dest, without LBackup's configuration.

  --config FILE      LBackup's configuration file
  --backup-dest DIR  LBackup's backupDest
  --json             print one JSON document (schemas/listing.schema.json)

A copy is "proven" where every byte was once compared with its image; "vouched
for" where what was compared then is known to us and not only to the disk.
What was set aside because it is bad, and what an interrupted run had moved
away, is listed too; restore --copy gives it back.

exit codes: 0 fine, 1 there is no copy at all, 2 no copy of IMAGE, or an error,
64 usage
`

/** Given the arguments after `list`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, 'backup-dest': { type: 'string' }, json: { type: 'boolean' } },
  })
  const all = listCopies(storeOf('list', values))
  const copies = positionals.length === 0 ? all : copiesNamed(all, positionals[0] ?? '')
  if (values.json === true)
    printDocument(context, { schema: 'listing/1', copies: copies.map(documentOf) } satisfies Listing)
  else context.stdout(text(copies))
  return Promise.resolve(copies.length === 0 ? exitCode.warning : exitCode.fine)
}

function text(copies: readonly ListedCopy[]): string {
  if (copies.length === 0) return 'There is no copy of any image.\n'
  const rows = copies.map((copy) => {
    const { known, placeName } = copy
    const { label } = known
    return [label.madeAt, placeName, stateOf(copy), size(label.bytes), label.user, label.path, label.slot]
  })
  return table(['made', 'where', 'what is known', 'size', 'user', 'image', 'slot'], rows)
    .map((line) => `${line}\n`)
    .join('')
}

/** Given a copy, return what is known of it in a few words. */
export function stateOf({ known: { label, opened }, vouched, aside }: ListedCopy): string {
  if (aside === 'set-aside') return 'set aside: bad'
  if (aside === 'recovered') return 'recovered from an interrupted run: nothing vouches'
  if (opened !== undefined) return `written into since ${opened.since}`
  const older = label.older ? 'older copy, ' : ''
  return `${older}${label.verdict}${label.verdict === 'proven' && !vouched ? ', not vouched for' : ''}`
}

function documentOf({ known: { label, opened, place }, placeName, vouched, section, aside }: ListedCopy): ListingCopy {
  const { slot, madeAt, verdict, reason, user, path, bytes, members, older, run } = label
  return {
    slot,
    run,
    madeAt,
    place: placeName,
    section: section?.number ?? null,
    generation: place.generation ?? null,
    aside: aside ?? null,
    verdict,
    reason,
    older,
    vouched,
    opened: opened?.since ?? null,
    user,
    path,
    bytes,
    members,
  }
}
