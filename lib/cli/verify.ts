import { parseArgs } from 'node:util'
import { count, duration, list, size } from '../text/measure.js'
import type { Verification, VerifiedImage } from '../generated/verification.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { encryptionWords, kindWords } from './image-words.js'
import { fillDefaults } from '../config/defaults.js'
import type { PassphraseSource } from '../passphrase/passphrase.js'
import { fileSystemChecker } from '../run/check-file-systems.js'
import { insideChecker, type CheckInside } from '../run/check-inside.js'
import { realPath } from '../system/file.js'
import { isWithin, type RawPath } from '../text/raw-path.js'
import { systemOf, trustedMachineOf } from './machine.js'
import { passphraseGiven } from './unlocking.js'
import { printDocument, withProgress } from './output.js'
import { imagePath, usage } from './arguments.js'
import { backupDestOf, targetsOf, verifyTarget, type Target } from './verify-target.js'

export const summary = 'check the structure of an image or a copy'

export const help = `usage: lbackup-filevault verify IMAGE|COPY... [--config FILE] [--json]
         [--level LEVEL] [--passphrase-file FILE | --passphrase-keychain NAME]

Checks the structure of sparse bundles and sparse images, without any key:
every member that must be there is there, of the right size and kind. What lies
in the bands is not read, and a copy is not compared with its source: complete
is the best that can be said.

  --config FILE              LBackup's configuration file; of each image in its
                             source every section's copy is checked too
  --level structure          what is said above; the default
  --level volume             check the disk inside as well: its partition map
                             and the heads of its file systems
  --level filesystem         let Apple's fsck check clones of the copies too
                             (macOS, with --config)
  --passphrase-file FILE     its first line opens encrypted images; mode 0600
  --passphrase-keychain NAME the generic password of that service (macOS)
  --json                     print one JSON document
                             (schemas/verification.schema.json)

exit codes: 0 all complete, 1 warnings, or a section has no copy, or a disk
inside was not checked, 2 one is damaged, 3 one cannot be read or is not there,
or --level filesystem where there is no macOS, 64 usage
`

/** Given the arguments after `verify`, do what they ask and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      level: { type: 'string', default: 'structure' },
      'passphrase-file': { type: 'string' },
      'passphrase-keychain': { type: 'string' },
    },
  })
  if (positionals.length === 0) throw usage('verify', 'The path of an image or of a copy is missing.')
  if (!['structure', 'volume', 'filesystem'].includes(values.level))
    throw usage('verify', '--level is structure, volume or filesystem.')
  const given = passphraseGiven('verify', values)
  const machine = values.config === undefined ? undefined : trustedMachineOf('verify', values.config)
  const { config } = machine?.loaded ?? fillDefaults({})
  const system = machine?.system ?? systemOf({ config })
  if (values.level === 'filesystem') {
    if (machine === undefined) throw usage('verify', '--level filesystem needs --config: it works on the backup disk.')
    if (system.platform !== 'macos') {
      context.stderr(needsMac)
      return exitCode.unknown
    }
  }
  const inside = values.level === 'structure' ? undefined : insideChecker({ config, system }, given)
  const whole =
    values.level === 'filesystem' && machine !== undefined
      ? copyChecker({ config, system }, backupDestOf(machine.setup), given)
      : undefined
  const targets = positionals.flatMap((text) => targetsOf(imagePath(text), machine))
  const began = performance.now()
  const results: VerifiedImage[] = []
  for (const target of targets) {
    results.push(
      await withProgress(
        context,
        `checking ${target.shown}`,
        verifyTarget(target, system, (whole ?? (() => inside))(target)),
      ),
    )
  }
  const report = reportOf(results, (performance.now() - began) / 1000)
  if (values.json === true) printDocument(context, report)
  else context.stdout(text(report))
  return codeOf(results)
}

const needsMac = `lbackup-filevault: --level filesystem runs Apple's own checkers, which takes a Mac.
--level volume checks the partition map and the heads of the file systems on any machine.
`

/** Returns the check of each target: Apple's checkers get copies alone, never an image at its source. */
function copyChecker(
  machine: Parameters<typeof fileSystemChecker>[0],
  backupDest: RawPath,
  given: PassphraseSource | undefined,
): (target: Target) => CheckInside {
  const whole = fileSystemChecker(machine, { backupDest, ...(given === undefined ? {} : { given }) })
  const heads = insideChecker(machine, given)
  const ofSource: CheckInside = async (image) => {
    const inside = await heads(image)
    if (inside.state === 'unchecked') return inside
    return { ...inside, holds: `${inside.holds} (Apple's checkers are run on copies only)` }
  }
  const isCopy = ({ path, section }: Target): boolean =>
    section !== null || isWithin(realPath(path) ?? path, realPath(backupDest) ?? backupDest)
  return (target) => (isCopy(target) ? whole : ofSource)
}

function codeOf(results: readonly VerifiedImage[]): number {
  const states = new Set(
    results.map(({ state, section }) => (state === 'absent' && section !== null ? 'no-copy' : state)),
  )
  if (states.has('damaged')) return exitCode.bad
  if (states.has('unreadable') || states.has('absent')) return exitCode.unknown
  const doubtful = results.some(
    ({ findings, inside }) => inside?.checked === false || findings.some(({ severity }) => severity === 'warning'),
  )
  return doubtful || states.has('no-copy') ? exitCode.warning : exitCode.fine
}

function reportOf(results: readonly VerifiedImage[], seconds: number): Verification {
  const of = (state: VerifiedImage['state']): number => results.filter((one) => one.state === state).length
  const sum = (key: 'members' | 'bands' | 'bytes'): number =>
    results.reduce((total, { counts }) => total + counts[key], 0)
  return {
    schema: 'verification/1',
    results,
    counts: {
      complete: of('complete'),
      damaged: of('damaged'),
      absent: of('absent'),
      unreadable: of('unreadable'),
      members: sum('members'),
      bands: sum('bands'),
      bytes: sum('bytes'),
      seconds: Math.round(seconds * 10) / 10,
    },
  }
}

function text({ results, counts }: Verification): string {
  const lines = results.flatMap(
    ({ path, section, state, container, encryption, counts: { members, bands, bytes }, findings, inUse, inside }) => {
      const which = section === null ? '' : `Section.${String(section)}: `
      const kind =
        container === null || encryption === null
          ? ''
          : ` (${kindWords(container)}, ${encryptionWords(encryption)}, ${count(bands, 'band')}, ${count(members, 'member')}, ${size(bytes)})`
      const used = inUse ? ', in use now: contradictions that writing explains are no damage' : ''
      return [
        `${state}: ${which}${path}${kind}${used}\n`,
        ...(inside === undefined ? [] : [`  inside: ${inside.checked ? '' : 'not checked, because '}${inside.says}\n`]),
        ...findings.map(({ severity, message }) => `  ${severity === 'info' ? 'note' : severity}: ${message}\n`),
      ]
    },
  )
  const kinds = (['complete', 'damaged', 'absent', 'unreadable'] as const).filter((state) => counts[state] > 0)
  const said = list(kinds.map((state) => `${String(counts[state])} ${state}`))
  const looked = `${count(counts.members, 'member')}, ${count(counts.bands, 'band')}, ${size(counts.bytes)}, ${duration(counts.seconds)}`
  return `${lines.join('')}${said} (${looked}).\n`
}
