import { parseArgs } from 'node:util'
import { keyMissing } from '../disk/disk-errors.js'
import { exportDisk, type Exported } from '../disk/export.js'
import { openDisk } from '../disk/open.js'
import type { Range } from '../disk/pieces.js'
import { OperationalError } from '../finding/operational-error.js'
import type { DataKey } from '../image/block-cipher.js'
import type { Image } from '../image/image.js'
import type { Structure } from '../image/structure-type.js'
import { forgetKey } from '../image/unlock.js'
import { lookAtUsage } from '../mount/look.js'
import { fileOutput, standardOutput } from '../system/disk-output.js'
import type { System } from '../system/system.js'
import { list, size } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { partitionsOf } from '../volume/check-disk.js'
import { absolute, imagePath, usage } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { systemOf, trustedSettings } from './machine.js'
import { withProgress } from './output.js'
import { progressTo } from './progress.js'
import { imageAt, patientWork } from './search.js'
import { keyOf, passphraseGiven, passphraseHelp, passphraseOptions } from './unlocking.js'

export const summary = 'the disk inside an image, decrypted, as a file'

export const help = `usage: lbackup-filevault export IMAGE -o FILE|- [--partition N] [--force]
       [--passphrase-file FILE | --passphrase-fd N | --passphrase-keychain NAME]
       [--config FILE]

Writes the disk inside a sparse bundle or sparse image to FILE, which must not
exist, or to standard output. FILE gets mode 0600; zeros are holes in it. The
image is only read.

  -o, --output FILE  where to; - is standard output
  --partition N      only that partition, as inspect counts them
  --force            although the image is damaged or in use: what is missing
                     becomes zeros
${passphraseHelp}
  --config FILE      LBackup's configuration file: use the tools, limits and
                     passphrases of the filevault.json beside it

exit codes: 0 exported, 1 exported, but the image is damaged, in use, or changed
meanwhile, 2 not exported, 3 the image is not there, 64 usage
`

/** Given the arguments after `export`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o' },
      partition: { type: 'string' },
      force: { type: 'boolean' },
      config: { type: 'string' },
      ...passphraseOptions,
    },
  })
  const [named, ...more] = positionals
  if (named === undefined) throw usage('export', 'The path of an image is missing.')
  if (more.length > 0) throw usage('export', 'One image at a time.')
  const { output, partition } = values
  if (output === undefined || output === '') throw usage('export', '-o is missing: where to.')
  if (output === '-' && context.columns !== undefined) throw usage('export', 'Standard output is a terminal.')
  if (partition !== undefined && !/^[1-9]\d{0,3}$/.test(partition)) throw usage('export', '--partition takes a number.')
  const given = passphraseGiven('export', values)
  const config = trustedSettings(values.config)
  const system = systemOf({ config })
  const found = await withProgress(context, 'looking at the image', imageAt(imagePath(named)))
  if (found.image === undefined) {
    context.stderr(`lbackup-filevault: ${found.message}\n`)
    return found.why === 'other' ? exitCode.bad : exitCode.unknown
  }
  const { image, structure } = found
  const doubts = [...damageOf(image, structure), ...(await usageOf(image, system))]
  if (doubts.length > 0 && values.force !== true) throw refused(doubts)
  const key = structure.encryption === 'none' ? undefined : await keyOf(image, given, config, system)
  try {
    if (structure.encryption !== 'none' && key === undefined) throw keyMissing(image.path)
    await carryOut(image, key, output, partition, context)
    doubts.push(...(await changeOf(image, structure)))
  } finally {
    if (key !== undefined) forgetKey(key)
  }
  for (const doubt of doubts) context.stderr(`WARNING! ${doubt}\n`)
  return doubts.length > 0 ? exitCode.warning : exitCode.fine
}

async function carryOut(
  image: Image,
  key: DataKey | undefined,
  output: string,
  partition: string | undefined,
  context: CliContext,
): Promise<void> {
  const { range, what } = wanted(image, key, partition)
  const [to, where, tell] =
    output === '-'
      ? [standardOutput(), 'standard output', context.stderr]
      : [fileOutput(absolute(output)), printable(absolute(output)), context.stdout]
  const progress = progressTo(context, 'exported', range.length)
  let exported: Exported
  try {
    exported = await exportDisk(image, key, to, { range, progress: progress.done })
  } finally {
    progress.end()
  }
  tell(`${what} of ${printable(image.path)} is exported to ${where}: ${amount(exported)}.\n`)
}

function wanted(image: Image, key: DataKey | undefined, partition: string | undefined): { range: Range; what: string } {
  const disk = openDisk(image, key)
  try {
    if (partition === undefined) return { range: { offset: 0, length: disk.size }, what: 'The disk' }
    const partitions = partitionsOf(disk)
    const one = partitions.find(({ index }) => String(index) === partition)
    if (one !== undefined && one.offset + one.length <= disk.size) {
      return { range: { offset: one.offset, length: one.length }, what: `Partition ${partition}` }
    }
    const there =
      partitions.length === 0
        ? 'the disk has no partition map that can be read'
        : `the disk has ${list(partitions.map(({ index }) => String(index)))}`
    throw new OperationalError(
      'partition-missing',
      one === undefined
        ? `There is no partition ${partition} in ${printable(image.path)}: ${there}.`
        : `Partition ${partition} of ${printable(image.path)} goes on after the end of the disk.`,
      'Look with inspect, or export the whole disk.',
    )
  } finally {
    disk.close()
  }
}

const amount = ({ bytes, neverWritten }: Exported): string =>
  neverWritten === 0 ? size(bytes) : `${size(bytes)}, ${size(neverWritten)} of it never written`

function damageOf({ path }: Image, { findings }: Structure): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error')
  return errors.length === 0 ? [] : [`${printable(path)} is damaged: ${errors.map(({ message }) => message).join(' ')}`]
}

async function usageOf(image: Image, system: System): Promise<string[]> {
  const usages = await lookAtUsage(system, [image], { excludePids: [process.pid], quietSeconds: 0 })
  const { state = 'unknown', evidence = [], usedBy = [] } = usages.get(image.path) ?? {}
  if (state === 'detached' || state === 'unknown') return []
  const by = usedBy.length === 0 ? '' : ` by ${list(usedBy)}`
  return [
    `${printable(image.path)} is in use${by} (${list(evidence)}): what is read of it may be of different moments.`,
  ]
}

async function changeOf({ path, container }: Image, { fingerprint }: Structure): Promise<string[]> {
  const [now] = await patientWork.look([{ path, container, inUse: false }])
  if (now?.fingerprint === fingerprint) return []
  return [`${printable(path)} changed while it was read: what was exported may be of different moments.`]
}

const refused = (doubts: readonly string[]): OperationalError =>
  new OperationalError(
    'export-refused',
    doubts.join('\n'),
    'Take an older copy, or export it all the same with --force.',
  )
