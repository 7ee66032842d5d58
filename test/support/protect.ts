import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launcherNames, renderLauncher, type LauncherFacts } from '../../lib/install/launcher.js'
import type { Lab, LabClient } from './session/index.js'

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const bsd = join(project, 'test/support/fakes/bsd/')
const template = readFileSync(join(project, 'hooks/launcher.sh'), 'utf8')

/** Puts both launchers and a filevault.json into a lab; the state goes into the lab too. Returns the state folder. */
export function protect(lab: Lab, config: Record<string, unknown> = {}, facts: Partial<LauncherFacts> = {}): string {
  const stateFolder = join(lab.folder, 'state')
  const limits = { quietSeconds: 0.05, ...(config['limits'] as object | undefined) }
  const settings = { stateFolder, ...(lab.client === undefined ? config : onClient(lab, lab.client, config)), limits }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify(settings))
  for (const phase of ['pre', 'post'] as const) {
    const text = renderLauncher(template, {
      phase,
      node: process.execPath,
      package: project,
      onCrash: 'halt',
      excludesName: 'excludes.txt',
      // What install takes from the configuration; 240 is the default of limits.hookMinutes.
      hookMinutes: 240,
      ...facts,
    })
    lab.hook(phase, launcherNames[phase], text)
  }
  return stateFolder
}

/** What a configuration says of the programs of a Mac is then said to the client. */
function onClient(lab: Lab, client: LabClient, config: Record<string, unknown>): Record<string, unknown> {
  const { platform, tools, ...rest } = config as { platform?: string; tools?: Readonly<Record<string, string>> }
  if (platform === undefined) return { ...rest, tools: { ...tools, ssh: client.ssh } }
  const stat = join(lab.folder, 'client/stat')
  writeFileSync(stat, `#!/bin/sh\n[ "$2" = %Su ] && exec '${tools?.['stat'] ?? ''}' "$@"\nexec '${bsd}stat' "$@"\n`)
  chmodSync(stat, 0o755)
  // The rest is asked of this machine alone: it is kept awake, freezes images, has the keychain.
  const asked = ['hdiutil', 'lsof', 'dscl', 'scutil', 'who', 'mount', 'ps', 'stat', 'find']
  const theirs = Object.entries({ ...tools, stat, find: `${bsd}find` }).filter(([name]) => asked.includes(name))
  const places = theirs.map(([name, path]) => `tool-${name} ${path}`)
  client.configure([`platform ${platform}`, ...places])
  return { ...rest, tools: { ssh: client.ssh } }
}
