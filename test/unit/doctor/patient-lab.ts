import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { protect } from '../../support/protect.js'
import { makeLab, type Lab, type LabOptions } from '../../support/session/index.js'
import type { DoctorReport } from '../../../lib/generated/doctor.js'
import { fromText } from '../../../lib/text/raw-path.js'

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

/** Given a lab, ask the doctor, and return what `doctor --json` would print. */
export async function examine(lab: Lab): Promise<{ code: number; report: DoctorReport; codes: string[] }> {
  // Taken by import, as the command line takes them, so that all share one OperationalError.
  const [{ doctor }, { patientOf, reportOf }, { severityCode }, { readSetup }, { workHere }] = await Promise.all([
    import('../../../lib/doctor/doctor.js'),
    import('../../../lib/cli/doctor.js'),
    import('../../../lib/cli/findings.js'),
    import('../../../lib/install/setup.js'),
    import('../../../lib/run/work.js'),
  ])
  const patient = patientOf(readSetup(fromText(lab.configurationFile)), workHere)
  const report = JSON.parse(JSON.stringify(reportOf(patient, await doctor(patient)))) as DoctorReport
  return { code: severityCode(report.severity), report, codes: report.findings.map((finding) => finding.code) }
}
