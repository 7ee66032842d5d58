import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launcherNames, renderLauncher, type LauncherFacts } from '../../lib/install/launcher.js'
import type { Lab } from './session/index.js'

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const template = readFileSync(join(project, 'hooks/launcher.sh'), 'utf8')

/** Puts both launchers and a filevault.json into a lab; the state goes into the lab too. Returns the state folder. */
export function protect(lab: Lab, config: Record<string, unknown> = {}, facts: Partial<LauncherFacts> = {}): string {
  const stateFolder = join(lab.folder, 'state')
  const limits = { quietSeconds: 0.05, ...(config['limits'] as object | undefined) }
  writeFileSync(join(lab.configurationFolder, 'filevault.json'), JSON.stringify({ stateFolder, ...config, limits }))
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
