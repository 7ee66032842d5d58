import { parseArgs } from 'node:util'
import type { Config } from '../generated/config.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { forgetKey } from '../image/unlock.js'
import { changedSince } from '../look/band-list.js'
import { lookAtUsage } from '../mount/look.js'
import type { Usage } from '../mount/usage.js'
import type { CloseLook } from '../run/tasks.js'
import { pause } from '../system/clock.js'
import type { System } from '../system/system.js'
import { imagePath, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { severityCode, severityOf } from './findings.js'
import { lookInside } from './inspect-inside.js'
import { inspectionOf } from './inspect-report.js'
import { inspectionText, mapText } from './inspect-text.js'
import { systemOf, trustedSettings } from './machine.js'
import { printDocument, withProgress } from './output.js'
import { imageCloselyAt, patientWork } from './search.js'
import { keyOf, passphraseGiven, passphraseHelp, passphraseOptions } from './unlocking.js'

export const summary = 'one image: kind, size, encryption, in use by'

export const help = `usage: lbackup-filevault inspect IMAGE [--map | --json] [--config FILE]
       [--passphrase-file FILE | --passphrase-fd N | --passphrase-keychain NAME]

Tells of one sparse bundle or sparse image what can be told: kind, size, bands,
encryption, identity, who uses it now, what is wrong with its structure, and
what Time Machine says. It is looked at twice, two seconds apart
(limits.quietSeconds), to see whether it is being written; the second time at
the 2,000 bands that were changed last. Not encrypted, or with its passphrase,
also the partitions and volumes inside.

  --map                      draw which bands are stored
  --json                     one JSON document (schemas/inspection.schema.json)
${passphraseHelp}
  --config FILE              LBackup's configuration file: use the tools, limits
                             and passphrases of the filevault.json beside it

exit codes: 0 fine, 1 warnings, 2 damaged, or no image, 3 it cannot be read or
is not there, 64 usage
`

/** Given the arguments after `inspect`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' }, map: { type: 'boolean' }, ...passphraseOptions },
  })
  const [named, ...more] = positionals
  if (named === undefined) throw usage('inspect', 'The path of an image is missing.')
  if (more.length > 0) throw usage('inspect', 'One image at a time.')
  if (values.json === true && values.map === true) throw usage('inspect', '--map is for people, --json for programs.')
  const given = passphraseGiven('inspect', values)
  const config = trustedSettings(values.config)
  const system = systemOf({ config })
  const found = await withProgress(context, 'looking at the image', imageCloselyAt(imagePath(named)))
  if (found.image === undefined) {
    context.stderr(`lbackup-filevault: ${found.message}\n`)
    return found.why === 'other' ? exitCode.bad : exitCode.unknown
  }
  const { image, structure: look } = found
  const seen = await withProgress(context, 'looking at who uses it', lookAgain(image, look, config, system))
  const key = look.encryption === 'none' ? undefined : await keyOf(image, given, config, system)
  try {
    const inside = lookInside(image, seen.structure, look.list, key)
    const report = inspectionOf(image, { ...seen, list: look.list, inside })
    if (values.json === true) printDocument(context, report)
    else context.stdout(inspectionText(report) + (values.map === true ? mapText(inside.bands, context.columns) : ''))
    const unread = report.findings.some(({ code, severity }) => code === 'member-unreadable' && severity === 'error')
    return unread ? exitCode.unknown : severityCode(severityOf(report.findings))
  } finally {
    if (key !== undefined) forgetKey(key)
  }
}

async function lookAgain(
  image: Image,
  first: CloseLook,
  { limits }: Config,
  system: System,
): Promise<{ structure: Structure; usage: Usage }> {
  const { quietSeconds } = limits
  await pause(quietSeconds)
  const changed = changedSince(image, first.list)
  const { fingerprint } = first
  const looks = { first: fingerprint, second: changed ? 'another' : fingerprint, secondsApart: quietSeconds }
  const options = { excludePids: [process.pid], quietSeconds }
  const usages = await lookAtUsage(system, [{ ...image, looks }], options)
  const usage = usages.get(image.path) as Usage
  const inUse = usage.state !== 'detached' && usage.state !== 'unknown'
  if (!inUse || first.findings.length === 0) return { structure: first, usage }
  const [structure] = await patientWork.look([{ path: image.path, container: image.container, inUse }])
  return { structure: structure ?? first, usage }
}
