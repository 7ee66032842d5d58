import { parseArgs } from 'node:util'
import { audit } from '../audit/audit.js'
import { auditText } from '../audit/screen.js'
import type { Audit } from '../generated/audit.js'
import { absolute, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { printDocument } from './output.js'

export const summary = 'what years of LBackup left of each image; read-only'

export const help = `usage: lbackup-filevault audit BACKUPDEST [--source PATH] [--read] [--json]

Looks at a set of sections, also one that LBackup made without these hooks, and
writes nothing: which images there are, which sections hold a complete copy, and
which changes LBackup missed. It takes a file for unchanged, and links the old
one for ever, where its length is equal and its time 0 to 20 s from the copy's.
  missed     the image had changed before that section was begun
  suspected  linked on, and copied within 20 s of its last write; or the image
             has another time within 20 s, which the next run will miss
What was missed in the newest section is certain only with --source, which sees
1 to 20 s by times; --read finds all, by bytes.

  --source PATH  LBackup's backupSource, as written in its configuration
  --read         compare every byte of the newest copies with the images; without
                 --source, read every file of every copy once
  --json         print one JSON document (schemas/audit.schema.json)

exit codes: 0 fine, 1 warnings, 2 an image has no complete copy, or its newest
is bad, 3 something could not be looked at, 64 usage
`

const codes: Record<Audit['outcome'], number> = {
  fine: exitCode.fine,
  warning: exitCode.warning,
  bad: exitCode.bad,
  unknown: exitCode.unknown,
}

/** Given the arguments after `audit`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { source: { type: 'string' }, read: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  const [destination] = positionals
  if (destination === undefined || positionals.length > 1) throw usage('audit', "One folder: LBackup's backupDest.")
  const progress = progressTo(context)
  const found = await audit({
    backupDest: absolute(destination),
    source: values.source === undefined ? undefined : absolute(values.source),
    read: values.read === true,
    progress: progress.is,
  }).finally(progress.end)
  if (values.json === true) printDocument(context, found)
  else context.stdout(auditText(found, Date.now()))
  return codes[found.outcome]
}

const everyMilliseconds = 10_000

/** Says on standard error what is being done while it takes long. A long look blocks the timer, so each step tells too. */
function progressTo(context: CliContext): { is: (what: string) => void; end: () => void } {
  let told = performance.now()
  let now = ''
  const tell = (): void => {
    if (performance.now() - told < everyMilliseconds) return
    told = performance.now()
    context.stderr(`lbackup-filevault: ${now} …\n`)
  }
  const timer = setInterval(tell, everyMilliseconds)
  return {
    is: (what) => {
      now = what
      tell()
    },
    end: () => clearInterval(timer),
  }
}
