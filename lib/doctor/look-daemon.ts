import { daemonOf } from '../daemon/instance.js'
import { commandLine, managerCommands, standingUnit, unitFolder, unitsOf } from '../daemon/install.js'
import { readSeen } from '../daemon/notebook.js'
import { seal } from '../daemon/seal.js'
import { daemonSetup } from '../run/daemon.js'
import { printable } from '../text/printable.js'
import { join } from '../text/raw-path.js'
import type { DaemonFacts } from './daemon.js'
import type { Patient } from './patient.js'

/** Given whose daemon it is, return what is known of it. Throws OperationalError. */
export async function daemonFacts(
  patient: Pick<Patient, 'setup' | 'loaded' | 'system' | 'stateFolder' | 'command'>,
): Promise<DaemonFacts> {
  const { setup, loaded, system, stateFolder, command } = patient
  const wanted = {
    ...daemonSetup({ setup, config: loaded.config, system, stateFolder }),
    folder: unitFolder(system.platform),
  }
  const units = unitsOf(wanted).map(({ name, text }) => {
    const path = join(wanted.folder, name)
    return { path: printable(path), sealed: seal(text), standing: standingUnit(path) }
  })
  return {
    now: system.now(),
    units,
    installed: wanted.followsImages && units[0]?.standing !== undefined,
    instance: await daemonOf(system, stateFolder),
    seen: readSeen(stateFolder),
    installCommand: command('daemon install'),
    startCommand: managerCommands(wanted, 'enable').map(commandLine).join(' && '),
  }
}
