import { parseArgs } from 'node:util'
import { OperationalError } from '../finding/operational-error.js'
import { configFileBeside, loadConfig } from '../config/load.js'
import { fillDefaults } from '../config/defaults.js'
import type { Inspection } from '../generated/inspection.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { lookAtUsage } from '../mount/look.js'
import type { Usage } from '../mount/usage.js'
import { pause } from '../system/clock.js'
import { count, list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { findingsText, severityCode, severityOf } from './findings.js'
import { encryptionWords, kindWords } from './image-words.js'
import { systemOf } from './machine.js'
import { printDocument, withProgress } from './output.js'
import { imageAt, patientWork } from './search.js'
import { absolute, imagePath, usage } from './arguments.js'

export const summary = 'one image: kind, size, encryption, in use by'

export const help = `usage: lbackup-filevault inspect IMAGE [--config FILE] [--json]

Tells of one sparse bundle or sparse image what can be told without its key:
kind, size, bands, encryption, identity, who uses it now, and what is wrong with
its structure. It is looked at twice, two seconds apart (limits.quietSeconds),
to see whether it is being written.

  --config FILE  LBackup's configuration file: use the tools and limits of the
                 filevault.json beside it
  --json         print one JSON document (schemas/inspection.schema.json)

exit codes: 0 fine, 1 warnings, 2 damaged, or no image, 3 it cannot be read or
is not there, 64 usage
`

/** Given the arguments after `inspect`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [named, ...more] = positionals
  if (named === undefined) throw usage('inspect', 'The path of an image is missing.')
  if (more.length > 0) throw usage('inspect', 'One image at a time.')
  const { config } =
    values.config === undefined ? fillDefaults({}) : loadConfig(configFileBeside(absolute(values.config)))
  const found = await withProgress(context, 'looking at the image', imageAt(imagePath(named)))
  if (found.image === undefined) {
    context.stderr(`lbackup-filevault: ${found.message}\n`)
    return found.why === 'absent' ? exitCode.unknown : exitCode.bad
  }
  const seen = await withProgress(
    context,
    'looking at the image and who uses it',
    lookTwice(found.image, found.structure, config),
  )
  const report = inspection(found.image, seen.structure, seen.usage)
  if (values.json === true) printDocument(context, report)
  else context.stdout(text(report))
  const unread = report.findings.some(({ code, severity }) => code === 'member-unreadable' && severity === 'error')
  return unread ? exitCode.unknown : severityCode(severityOf(report.findings))
}

async function lookTwice(
  image: Image,
  first: Structure,
  config: Parameters<typeof systemOf>[0]['config'],
): Promise<{ structure: Structure; usage: Usage }> {
  const { quietSeconds } = config.limits
  await pause(quietSeconds)
  const second = await lookOnce(image, false)
  const looks = { first: first.fingerprint, second: second.fingerprint, secondsApart: quietSeconds }
  const usages = await lookAtUsage(systemOf({ config }), [{ ...image, looks }], {
    excludePids: [process.pid],
    quietSeconds,
  })
  const usage = usages.get(image.path) as Usage
  const inUse = usage.state !== 'detached' && usage.state !== 'unknown'
  return { structure: inUse ? await lookOnce(image, true) : second, usage }
}

async function lookOnce({ path, container }: Image, inUse: boolean): Promise<Structure> {
  const [structure] = await patientWork.look([{ path, container, inUse }])
  if (structure !== undefined) return structure
  throw new OperationalError('image-missing', `${printable(path)} is not there.`, 'Check the path.')
}

function inspection(
  image: Image,
  { counts, findings, encryption, uuid, newestChange }: Structure,
  usage: Usage,
): Inspection {
  const { path, container, recognised, identity, ownerUid } = image
  return {
    schema: 'inspection/1',
    path: printable(path),
    container,
    recognised,
    encryption,
    ...(uuid === undefined ? {} : { uuid }),
    identity,
    ownerUid,
    usage: { ...usage, mountPoints: usage.mountPoints.map(printable) },
    counts,
    newestChange: new Date(newestChange).toISOString(),
    findings,
  }
}

function text({
  path,
  container,
  recognised,
  encryption,
  identity,
  ownerUid,
  usage,
  counts,
  newestChange,
  findings,
}: Inspection): string {
  const used = usage.usedBy.length === 0 ? '' : ` by ${list(usage.usedBy)}`
  const mounted = usage.mountPoints.length === 0 ? [] : [`mounted on    ${list(usage.mountPoints)}`]
  const bands = `${count(counts.bands, 'band')} of ${String(counts.possibleBands)}`
  const lines = [
    path,
    `kind          ${kindWords(container)}${recognised ? '' : ', by its name only'}`,
    `encryption    ${encryptionWords(encryption)}`,
    `identity      ${identity}`,
    `size          ${size(counts.bytes)} in ${count(counts.members, 'member')} (${bands}); a disk of ${size(counts.virtualBytes)}`,
    `owner         user id ${String(ownerUid)}`,
    `last change   ${newestChange}`,
    `in use        ${usage.state.replaceAll('-', ' ')}${used}: ${list(usage.evidence)}`,
    ...mounted,
  ]
  const found =
    findings.length === 0 ? 'Its structure is complete; what lies in its bands was not read.\n' : findingsText(findings)
  return `${lines.map((line) => `${line}\n`).join('')}\n${found}`
}
