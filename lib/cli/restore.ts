import { parseArgs } from 'node:util'
import type { Restoration } from '../generated/restoration.js'
import { listCopies, type ListedCopy } from '../restore/copies.js'
import { chosen, copiesNamed, type Wish } from '../restore/choose.js'
import { drill } from '../restore/drill.js'
import { restoreCopy, type Restored } from '../restore/restore.js'
import { count, list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { absolute, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { printDocument } from './output.js'
import { storeOf } from './store-of.js'

export const summary = 'get an image back as a file of its own; --drill tries it'

export const help = `usage: lbackup-filevault restore IMAGE --to PATH [--at DATE | --section N | --copy NAME]
                                 --config FILE | --backup-dest DIR [--json]
       lbackup-filevault restore --drill [IMAGE] --config FILE [--to DIR]

Restores an image to PATH, which must not exist: new files, never links to the
backup, each compared with the manifest while it is copied. What the manifest does
not know is left out. Unless told, it is the newest good copy, else the best
known one. Interrupted, the same call goes on where it stopped.

  --to PATH          where to; with --drill, a folder for the trial
  --at DATE          the newest copy not later than that (2026-01-31)
  --section N        the copy in Section.N
  --copy NAME        the one that list shows in "the store (NAME)", such as
                     set-aside or recovered-...: never chosen by itself
  --drill            restore a random image to a scratch folder, compare every
                     byte, remove it, and let status show what came of it
  --config FILE      LBackup's configuration file
  --backup-dest DIR  LBackup's backupDest, where the configuration is lost
  --json             print one JSON document (schemas/restoration.schema.json)

exit codes: 0 restored and every byte is right, 1 restored, but not all was
compared or something was left out, 2 damaged or impossible, 64 usage
`

/** Given the arguments after `restore`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      'backup-dest': { type: 'string' },
      to: { type: 'string' },
      at: { type: 'string' },
      section: { type: 'string' },
      copy: { type: 'string' },
      drill: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  })
  const store = storeOf('restore', values)
  const [name] = positionals
  if (values.drill === true) {
    if (store.stateFolder === undefined) throw usage('restore', '--drill needs --config.')
    if (values.json === true) throw usage('restore', 'What came of --drill stands in status --json.')
    const tried = drill({
      store: { ...store, stateFolder: store.stateFolder },
      name,
      scratch: values.to === undefined ? undefined : absolute(values.to),
      progress: progressTo(context),
    })
    context.stdout(`${tried.ok ? 'fine' : 'FAILED'}: ${tried.text}\n`)
    return Promise.resolve(tried.ok ? (tried.unchecked ? exitCode.warning : exitCode.fine) : exitCode.bad)
  }
  if (name === undefined) throw usage('restore', 'The image is missing.')
  if (values.to === undefined) throw usage('restore', '--to is missing: where to.')
  const copy = chosen(copiesNamed(listCopies(store), name), wishOf(values))
  const to = absolute(values.to)
  const restored = restoreCopy({ copy, to, progress: progressTo(context) })
  if (values.json === true) printDocument(context, documentOf(copy, printable(to), restored))
  else context.stdout(text(copy, printable(to), restored))
  return restored.unchecked === undefined && restored.findings.length === 0 ? exitCode.fine : exitCode.warning
}

function wishOf({ at, section, copy }: { at?: string; section?: string; copy?: string }): Wish {
  if ([at, section, copy].filter((one) => one !== undefined).length > 1) {
    throw usage('restore', '--at, --section and --copy exclude each other.')
  }
  if (section !== undefined && !/^\d{1,9}$/.test(section)) throw usage('restore', '--section takes a number.')
  if (copy !== undefined) return { copy }
  return { ...(at === undefined ? {} : { at }), ...(section === undefined ? {} : { section: Number(section) }) }
}

const everyMilliseconds = 2000

/** Told on standard error while it takes long. */
function progressTo(context: CliContext): (done: number, all: number) => void {
  let told = performance.now()
  return (done, all) => {
    if (performance.now() - told < everyMilliseconds) return
    told = performance.now()
    context.stderr(`lbackup-filevault: ${size(done)} of ${size(all)} restored …\n`)
  }
}

function text({ known: { label }, placeName }: ListedCopy, to: string, restored: Restored): string {
  const { members, bytes, checked, resumed, skipped, unchecked, findings } = restored
  const lines = [
    `${label.path} of ${label.madeAt}, from ${placeName}, is restored to ${to}: ${count(members, 'member')}, ${size(bytes)}, ${String(checked)} compared with the manifest.`,
    ...(resumed > 0
      ? [`${count(resumed, 'member')} ${resumed === 1 ? 'was' : 'were'} there from an earlier attempt.`]
      : []),
    ...(skipped.length > 0 ? [`Not restored, since no image has such members: ${list(skipped.slice(0, 5))}.`] : []),
    ...findings.map(({ message, cure }) => `WARNING! ${message} ${cure ?? ''}`.trimEnd()),
    ...(unchecked === undefined ? [] : [`NOT CHECKED: ${unchecked}. Look whether it can be opened.`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function documentOf({ known: { label }, placeName }: ListedCopy, to: string, restored: Restored): Restoration {
  const { unchecked, ...counts } = restored
  const { slot, madeAt, verdict, path } = label
  return {
    schema: 'restoration/1',
    slot,
    path,
    madeAt,
    verdict,
    place: placeName,
    to,
    ...counts,
    unchecked: unchecked ?? null,
  }
}
