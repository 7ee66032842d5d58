import { OperationalError } from '../finding/operational-error.js'
import { backupSource } from '../lbackup/backup-source.js'
import { isYes, literal } from '../lbackup/configuration.js'
import { localMachine } from '../run/local-machine.js'
import { observe } from '../run/observe.js'
import { originOf } from '../run/origin.js'
import { realSource } from '../run/prepare.js'
import { searchOptions } from '../run/search-options.js'
import { exists } from '../system/file.js'
import { count } from '../text/measure.js'
import { fromPrintable } from '../text/printable.js'
import { isWithin, join, parent, withoutTrailingSlash, type RawPath } from '../text/raw-path.js'
import { flagFindings } from './flags.js'
import { found, type DoctorFinding } from './found.js'
import { keychainFindings, policyFindings, wholeFileFindings } from './images.js'
import type { Patient } from './patient.js'
import { stagingLook } from './look-staging.js'
import { statusOf } from './status-of.js'

const keychain = 'Library/Keychains/FileVaultMaster.keychain'

/** Look at the images in the source, once; nothing for a source on another machine, or one that is not there. */
export async function imageLook(patient: Patient): Promise<DoctorFinding[]> {
  const { setup, loaded, system, stateFolder } = patient
  const { configuration, configurationFolder } = setup
  if (isYes(configuration, 'useSSH') === true) return []
  const written = backupSource(literal(configuration, 'backupSource'))
  if (!exists(written.path)) return []
  const source = realSource(written)
  const backupDest = withoutTrailingSlash(literal(configuration, 'backupDest'))
  const ownPaths = [backupDest, configurationFolder, stateFolder]
  const machine = localMachine(system, patient.work, [process.pid])
  const { images, accounts, discovery, problems } = await observe(machine, {
    search: searchOptions({ config: loaded.config, source, ownPaths, machine }, knownPaths(stateFolder)),
    source,
    quietSeconds: 0,
  })
  const origin = originOf(loaded.config, source).path
  const users = accounts.filter(({ home }) => isWithin(home, origin)).map(({ user }) => user)
  return [
    ...unsearched(discovery.notes.filter(({ code }) => mayHide.has(code)).map(({ message }) => message)),
    ...problems.map((message) => found('check-impossible', 'warning', message, 'See what it says.')),
    ...wholeFileFindings(images),
    ...(patient.configError === undefined ? policyFindings(images, loaded.config, loaded.origins) : []),
    ...(await flagFindings(
      system,
      images.map(({ image }) => image.path),
    )),
    ...keychainFindings({ users, source: origin, keychains: keychains(origin).filter(exists) }),
    ...(await stagingLook(patient, source, images)),
  ]
}

const mayHide = new Set<string>(['root-missing', 'unreadable', 'depth-limit', 'entry-limit'])

function unsearched(messages: readonly string[]): DoctorFinding[] {
  if (messages.length === 0) return []
  const [first = ''] = messages
  const more = messages.length > 1 ? ` And ${count(messages.length - 1, 'more place')}: see "tonight".` : ''
  return [
    found('source-unsearched', 'warning', `Images may lie where was not looked: ${first}${more}`, 'Do what it says.'),
  ]
}

/** On the Mac itself, or in a tree that stands for one: beside `Users`, or in the source. */
const keychains = (source: RawPath): RawPath[] => [
  join('/' as RawPath, keychain),
  join(source, keychain),
  join(parent(source), keychain),
]

function knownPaths(stateFolder: RawPath): RawPath[] {
  try {
    return (statusOf(stateFolder)?.slots ?? []).map(({ path }) => fromPrintable(path))
  } catch (error) {
    if (error instanceof OperationalError) return []
    throw error
  }
}
