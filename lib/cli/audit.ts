import { parseArgs } from 'node:util'
import { audit } from '../audit/audit.js'
import type { Audit, AuditSection, AuditSlot } from '../generated/audit.js'
import { count, size } from '../text/measure.js'
import { absolute, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { printDocument } from './output.js'

export const summary = 'what years of LBackup left of each image; read-only'

export const help = `usage: lbackup-filevault audit BACKUPDEST [--source PATH [--read]] [--json]

Looks at a set of sections, also one that LBackup made without these hooks, and
writes nothing: which images there are, which sections hold a complete copy of
each, and which is the newest. With --source the newest copy is compared with
the image: LBackup takes a band for unchanged, and links the old one for ever,
where its length is equal and its time 0 to 20 s from the last copy's. Those 1
to 20 s away are seen by their times; --read finds all, by their bytes.

  --source PATH  LBackup's backupSource, as written in its configuration
  --read         compare every byte of the newest copies with the images
  --json         print one JSON document (schemas/audit.schema.json)

exit codes: 0 fine, 1 something differs or is incomplete, 2 an image has no
complete copy, or its newest one is not the image, 64 usage
`

/** Given the arguments after `audit`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { source: { type: 'string' }, read: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  const [destination] = positionals
  if (destination === undefined || positionals.length > 1) throw usage('audit', "One folder: LBackup's backupDest.")
  if (values.read === true && values.source === undefined) throw usage('audit', '--read needs --source.')
  const slots = await audit({
    backupDest: absolute(destination),
    source: values.source === undefined ? undefined : absolute(values.source),
    read: values.read === true,
    progress: progressTo(context),
  })
  const document: Audit = { schema: 'audit/1', slots }
  if (values.json === true) printDocument(context, document)
  else context.stdout(slots.length === 0 ? 'No section holds an image.\n' : slots.map(screenOf).join('\n'))
  return codeOf(slots)
}

function codeOf(slots: readonly AuditSlot[]): number {
  if (slots.some(({ newestComplete, compared }) => newestComplete === null || compared?.equal === false)) {
    return exitCode.bad
  }
  const doubtful = slots.some(({ sections, compared }) => {
    return sections.some(({ state }) => state === 'incomplete') || (compared?.missed ?? 0) > 0
  })
  return doubtful ? exitCode.warning : exitCode.fine
}

const everyMilliseconds = 10_000

function progressTo(context: CliContext): (what: string) => void {
  let told = performance.now()
  return (what) => {
    if (performance.now() - told < everyMilliseconds) return
    told = performance.now()
    context.stderr(`lbackup-filevault: ${what} …\n`)
  }
}

const mostLines = 18

/** One slot on one screen: sections of the same state in one line. */
function screenOf({ path, slot, sections, newestComplete, compared }: AuditSlot): string {
  const runs = runsOf(sections)
  const shown = runs.slice(0, mostLines)
  const newest = sections.find(({ section }) => section === newestComplete)
  const lines = [
    `${path} (${slot})`,
    newest === undefined
      ? '  NO COMPLETE COPY in any section'
      : `  newest complete copy: Section.${String(newest.section)}${newest.madeAt === null ? '' : `, made ${newest.madeAt}`}, ${size(newest.bytes)}`,
    ...(compared === null ? [] : [`  Section.${String(compared.section)} against the image: ${compared.text}`]),
    ...shown.map((run) => `  ${run}`),
    ...(runs.length > shown.length ? [`  ${count(runs.length - shown.length, 'more line')}: see --json`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function runsOf(sections: readonly AuditSection[]): string[] {
  const runs: { first: AuditSection; last: AuditSection }[] = []
  for (const section of sections) {
    const run = runs.at(-1)
    if (run?.first.state === section.state && run.first.why === section.why) run.last = section
    else runs.push({ first: section, last: section })
  }
  return runs.map(({ first, last }) => {
    const name = `Section.${String(first.section)}`
    const range = first === last ? name : `${name} to Section.${String(last.section)}`
    return `${range}: ${first.state}${first.why === null ? '' : `: ${first.why}`}`
  })
}
