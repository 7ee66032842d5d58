import { parseArgs } from 'node:util'
import { readHistory } from '../daemon/notebook.js'
import { daemonFindings, type DaemonFacts } from '../doctor/daemon.js'
import { daemonFacts } from '../doctor/look-daemon.js'
import type { DaemonStatus } from '../generated/daemon-status.js'
import { shellWord } from '../install/shell-word.js'
import { table } from '../report/table.js'
import { duration } from '../text/measure.js'
import { printable } from '../text/printable.js'
import { refuseMore } from './arguments.js'
import type { CliContext } from './context.js'
import { exitCode } from './exit-code.js'
import { findingsText, severityCode, severityOf } from './findings.js'
import { machineOf } from './machine.js'
import { printDocument } from './output.js'

const mostLines = 20

/** Given the arguments after `daemon status`, tell whether it runs and what it saw, and return the exit code. Throws OperationalError. */
export async function main(args: string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' } },
  })
  refuseMore('daemon', positionals)
  const machine = machineOf('daemon', values.config)
  const { setup, system, stateFolder } = machine
  const config = shellWord(printable(setup.configurationFile))
  const facts = await daemonFacts({ ...machine, command: (verb) => `lbackup-filevault ${verb} --config ${config}` })
  const { instance, seen, installed } = facts
  const problems = daemonFindings(facts)
  const status: DaemonStatus = {
    schema: 'daemon-status/1',
    configuration: printable(setup.configurationFile),
    at: system.now().toISOString(),
    severity: severityOf(problems),
    installed,
    ...(instance?.alive === true ? { process: { pid: instance.holder.pid, since: instance.holder.since } } : {}),
    ...(seen === undefined ? {} : { seen }),
    history: readHistory(stateFolder).slice(-mostLines),
    problems,
  }
  if (values.json === true) printDocument(context, status)
  else context.stdout(statusText(status, facts))
  const unknown = status.process === undefined && !installed && seen === undefined
  return unknown ? exitCode.unknown : severityCode(status.severity)
}

function statusText({ process, seen, history, problems, installed }: DaemonStatus, { now }: DaemonFacts): string {
  const runs =
    process === undefined
      ? `The daemon does not run${installed ? '' : ', and is not installed'}.\n`
      : `The daemon runs since ${process.since} (process ${String(process.pid)}).\n`
  const looked =
    seen === undefined
      ? 'It has seen nothing yet.\n'
      : `It wrote down what it saw ${duration((now.getTime() - Date.parse(seen.at)) / 1000)} ago:\n\n${imagesTable(seen.images)}`
  const lines = history.map(({ at, event, user, path, detail }) =>
    [`  ${at.slice(0, 19).replace('T', ' ')}`, event, user, path, detail]
      .filter((word) => word !== undefined)
      .join(' '),
  )
  return [
    runs,
    looked,
    ...(lines.length === 0 ? [] : [`\nThe last it noted (UTC):\n${lines.join('\n')}\n`]),
    ...(problems.length === 0 ? [] : [`\n${findingsText(problems)}`]),
  ].join('')
}

const imagesTable = (images: NonNullable<DaemonStatus['seen']>['images']): string =>
  images.length === 0
    ? '  no image\n'
    : table(
        ['user', 'image', 'now', 'frozen'],
        images.map(({ user, path, lies, state, frozenAt }) => [
          user,
          path,
          lies === 'there' ? state : lies,
          frozenAt ?? '',
        ]),
      )
        .map((line) => `  ${line}\n`)
        .join('')
