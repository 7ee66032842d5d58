import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab, type LabOptions } from '../../support/session/index.js'
import type { DoctorReport } from '../../../lib/generated/doctor.js'
import { runCli } from '../cli/run.js'

const healthySettings = {
  post_actions_on_backup_error: 'YES',
  ignore_rsync_vanished_files: 'YES',
  checksum_enabled: 'YES',
}
const program = ['/usr/bin/true', '/bin/true'].find((path) => existsSync(path)) ?? '/bin/true'
const healthyConfig = {
  limits: { quietSeconds: 2 },
  policies: [{ ifInUse: 'copy-and-prove' }],
  report: { command: [program] },
}

/** A lab with both hooks installed in which the doctor finds nothing, but that no run is known yet. */
export function healthyLab(options: LabOptions = {}, config: Record<string, unknown> = {}): Lab {
  const lab = makeLab({ ...options, settings: { ...healthySettings, ...options.settings } })
  mkdirSync(lab.source, { recursive: true })
  settings(lab, config)
  return lab
}

/** Writes our settings, and hooks made from them. */
function settings(lab: Lab, config: Record<string, unknown>): void {
  protect(lab, { ...healthyConfig, ...config })
  // `protect` makes looks quick, which is a doubtful setting.
  writeFileSync(
    join(lab.configurationFolder, 'filevault.json'),
    JSON.stringify({ stateFolder: join(lab.folder, 'state'), ...healthyConfig, ...config }),
  )
}

/** Given a lab, ask the doctor. */
export async function examine(lab: Lab): Promise<{ code: number; report: DoctorReport; codes: string[] }> {
  const { code, stdout, stderr } = await runCli('doctor', '--json', '--config', lab.configurationFile)
  if (stdout === '') throw new Error(stderr)
  const report = JSON.parse(stdout) as DoctorReport
  return { code, report, codes: report.findings.map((finding) => finding.code) }
}
