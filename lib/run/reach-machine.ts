import { callClient, closeConnection } from '../client/call.js'
import type { Client } from '../client/client-type.js'
import { demand } from '../client/looks.js'
import { OperationalError } from '../finding/operational-error.js'
import type { ReportedFinding } from '../generated/report.js'
import type { Platform } from '../system/system.js'
import { join } from '../text/raw-path.js'
import { clientMachine } from './client-machine.js'
import type { RunContext } from './context.js'
import { localMachine } from './local-machine.js'
import { unreachableMachine } from './unreachable-machine.js'
import { workHere } from './work.js'

/** As much of a run as tells which machine it backs up. */
interface Facts extends Pick<RunContext, 'config' | 'system' | 'stateFolder'> {
  readonly environment: Pick<RunContext['environment'], 'useSSH' | 'sshSource' | 'phase'>
  readonly lbackup: Pick<RunContext['lbackup'], 'pid'>
}
type Reached = Pick<RunContext, 'machine' | 'machineFindings'>

// A path of a socket has room for about a hundred bytes, of which ssh uses some itself.
const longestSocket = 80

/** Given the run, return the client that it backs up over ssh; all its calls share one login. */
export function clientOf({ environment, config, system, stateFolder }: Omit<Facts, 'lbackup'>): Client {
  const socket = join(stateFolder, 'ssh')
  return {
    system,
    destination: environment.sshSource ?? '',
    control: socket.length > longestSocket || /["\s\\$]/.test(socket) ? undefined : socket,
    callSeconds: config.limits.clientMinutes * 60,
  }
}

/**
 * Given the run, return the machine whose images it backs up: this one, or a client where our program answers. Where it is
 * not installed there, the configuration says whether the run goes on without it. One that cannot be reached, or whose
 * answer is cut off, is a machine of which nothing can be found out: that halts before the copy (`checkRemote`), and
 * after it its images can only not be compared.
 */
export async function reachMachine(facts: Facts): Promise<Reached> {
  const { environment, config, system, lbackup } = facts
  if (!environment.useSSH) {
    return { machine: localMachine(system, workHere, [process.pid, lbackup.pid]), machineFindings: [] }
  }
  const client = clientOf(facts)
  try {
    const { lines } = demand(client, 'version', await callClient(client, 'version'))
    const platform = lines.find((line) => line.startsWith('platform '))?.slice('platform '.length)
    return {
      machine: clientMachine(client, platform === 'macos' ? 'macos' : ('linux' satisfies Platform)),
      machineFindings: [],
    }
  } catch (error) {
    await closeConnection(client)
    if (!(error instanceof OperationalError)) throw error
    const without = error.code === 'client-absent' || error.code === 'client-other-version'
    if (without && config.remote === 'continue') return { machine: undefined, machineFindings: [withoutClient(error)] }
    return {
      machine: unreachableMachine(error),
      machineFindings: environment.phase === 'pre' ? [] : [unreached(error)],
    }
  }
}

const withoutClient = ({ message, cure }: OperationalError): ReportedFinding => ({
  code: 'client-absent',
  severity: 'warning',
  message: `${message} Its images are seen only in the new section, and judged by their structure alone.`,
  cure,
})

const unreached = ({ message, cure }: OperationalError): ReportedFinding => ({
  code: 'client-unreachable',
  severity: 'warning',
  message: `${message} Its images could not be looked at again after the copy.`,
  cure,
})
