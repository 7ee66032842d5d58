import type { Unit, UnitFacts } from './unit-type.js'

/**
 * Given the facts, return the property lists for launchd (launchd.plist(5)); assumed, never run on a Mac. The daemon and the
 * timer are one file each. launchd mails nothing: what they say lies in the state folder.
 */
export function launchdUnits(facts: UnitFacts): Unit[] {
  const { id, followsImages, alarmMinutes } = facts
  const daemon = {
    Label: `lbackup-filevault.${id}`,
    ProgramArguments: command(facts, ['daemon', 'run']),
    RunAtLoad: true,
    // One that ends as it should, as where another one runs, is not started again.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    ExitTimeOut: 20,
    ...shared(facts, 'daemon.log'),
  }
  const alarm = {
    Label: `lbackup-filevault.alarm.${id}`,
    ProgramArguments: command(facts, ['status', '--alarm']),
    StartInterval: alarmMinutes * 60,
    ...shared(facts, 'alarm.log'),
  }
  return [...(followsImages ? [daemon] : []), alarm].map((job) => ({
    name: `${job.Label}.plist`,
    text: `${head}${element(job, '')}</plist>\n`,
    started: true,
  }))
}

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

const shared = ({ writable }: UnitFacts, log: string) => ({
  ProcessType: 'Background',
  LowPriorityIO: true,
  Nice: 10,
  Umask: 0o077,
  StandardOutPath: `${writable[0] ?? ''}/${log}`,
  StandardErrorPath: `${writable[0] ?? ''}/${log}`,
})

const command = ({ node, program, configurationFile }: UnitFacts, verb: readonly string[]): string[] => [
  node,
  program,
  ...verb,
  '--config',
  configurationFile,
]

const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`

function element(value: Value, indent: string): string {
  const inner = `${indent}  `
  if (typeof value === 'string') return `${indent}<string>${escaped(value)}</string>\n`
  if (typeof value === 'number') return `${indent}<integer>${String(value)}</integer>\n`
  if (typeof value === 'boolean') return `${indent}<${String(value)}/>\n`
  if (isList(value)) return `${indent}<array>\n${value.map((one) => element(one, inner)).join('')}${indent}</array>\n`
  const rows = Object.entries(value).map(([key, one]) => `${inner}<key>${escaped(key)}</key>\n${element(one, inner)}`)
  return `${indent}<dict>\n${rows.join('')}${indent}</dict>\n`
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
