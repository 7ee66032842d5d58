import { parseArgs } from 'node:util'
import { forget } from '../keep/forget.js'
import { heldBy } from '../keep/held.js'
import { emptyBook, readBook, writeBook } from '../keep/book.js'
import { mayHold } from '../lbackup/lock-holder.js'
import { releaseLock, takeLock } from '../lbackup/lock.js'
import { processIdentity } from '../lbackup/process-chain.js'
import { OperationalError } from '../finding/operational-error.js'
import { copiesNamed } from '../restore/choose.js'
import { listCopies } from '../restore/copies.js'
import { hostName } from '../system/host.js'
import { identifier } from '../system/identifier.js'
import type { System } from '../system/system.js'
import { count, list, size } from '../text/measure.js'
import type { RawPath } from '../text/raw-path.js'
import { usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { machineOf } from './machine.js'
import { storeOf } from './store-of.js'

export const summary = 'release what is kept of an image outside of the sections'

export const help = `usage: lbackup-filevault forget IMAGE --config FILE [--yes]

Releases every copy of an image that is kept in the store on the backup disk,
and what was set aside or recovered. Copies in sections stay, and rotate away as
LBackup lets them. Nothing else ever releases the newest good copy.

Without --yes it only says what would be released.

  IMAGE          a slot, a path, a file name or a user, where that is unique
  --config FILE  LBackup's configuration file
  --yes          do it

exit codes: 0 done, 1 nothing was done without --yes, 2 an error, 64 usage
`

/** Given the arguments after `forget`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, yes: { type: 'boolean' } },
  })
  const [name] = positionals
  if (name === undefined) throw usage('forget', 'The image is missing.')
  const { system, stateFolder } = machineOf('forget', values.config)
  const store = storeOf('forget', values)
  const copies = copiesNamed(listCopies(store), name)
  const slot = copies[0]?.known.label.slot ?? name
  const stored = copies.filter(({ section }) => section === undefined)
  const kept = stored.filter(({ aside }) => aside === undefined)
  const aside = stored.length - kept.length
  const held = heldBy(
    store.backupDest,
    slot,
    kept.map(({ known }) => known),
  )
  const inSections = copies.length - stored.length
  const dates = kept.map(({ known }) => known.label.madeAt)
  const what = `${count(kept.length, 'kept copy', 'kept copies')} of ${slot}${dates.length === 0 ? '' : ` (${list(dates)})`}${aside === 0 ? '' : ` and ${count(aside, 'image')} set aside or recovered`}, ${size(held.bytes)} that only the store holds`
  const rest =
    inSections === 0
      ? 'No copy of it remains in any section.'
      : `${count(inSections, 'copy', 'copies')} in sections ${inSections === 1 ? 'stays' : 'stay'}.`
  if (values.yes !== true) {
    context.stdout(`Would release ${what}. ${rest}\nTo do it: add --yes\n`)
    return exitCode.warning
  }
  await withLock(system, stateFolder, (runId) => {
    const read = readBook(stateFolder)
    const book = read === undefined || 'damaged' in read ? emptyBook : read
    writeBook(stateFolder, forget({ slot, backupDest: store.backupDest, runId, book }))
  })
  context.stdout(`Released ${what}. ${rest}\n`)
  return exitCode.fine
}

/** No run may begin meanwhile: it would write the book without what is changed here. */
async function withLock(system: System, stateFolder: RawPath, use: (runId: string) => void): Promise<void> {
  const own = await processIdentity(system)
  if (own === undefined) {
    throw new OperationalError(
      'process-unknown',
      'This program could not be found among the processes, so it cannot keep a backup from starting meanwhile.',
      'Let /proc be mounted, then try again.',
    )
  }
  const since = new Date()
  const runId = `forget-${identifier(since)}`
  const holder = { ...own, host: hostName(), since: since.toISOString(), runId }
  await takeLock(stateFolder, holder, (other) => mayHold(system, stateFolder, other))
  try {
    use(runId)
  } finally {
    releaseLock(stateFolder, runId)
  }
}
