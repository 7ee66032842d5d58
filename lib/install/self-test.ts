import { OperationalError } from '../finding/operational-error.js'
import { scriptExit, type Phase } from '../lbackup/exit-codes.js'
import { run } from '../system/process.js'
import { printable } from '../text/printable.js'
import { fromBytes } from '../text/raw-path.js'
import { pathText, type Setup } from './setup.js'
import { launcherPath } from './standing.js'

/**
 * Given where the hooks were installed, start both launchers as LBackup would, with the variable that makes them only
 * load everything. Throws OperationalError where one does not come to its end: then it would halt every backup.
 */
export async function selfTest({ configurationFile, configurationFolder }: Setup): Promise<void> {
  for (const phase of ['pre', 'post'] as const) await testLauncher(phase)

  async function testLauncher(phase: Phase): Promise<void> {
    const path = launcherPath(configurationFolder, phase)
    const file = pathText(path)
    const result = await run({
      file,
      args: phase === 'pre' ? [pathText(configurationFile)] : [],
      env: {
        lbackup_filevault_self_test: 'YES',
        backupConfigurationFilePath: pathText(configurationFile),
        backupConfigurationFolderPath: pathText(configurationFolder),
      },
      // It looks at every file of the package before it starts Node.
      timeoutSeconds: 120,
      maxOutputBytes: 1024 * 1024,
    })
    const passed = result.stdout.toString('utf8').includes(`lbackup-filevault: self test passed (${phase})`)
    if (passed && result.exitCode === scriptExit.halt) return
    const said = printable(fromBytes(result.stderr.subarray(-1000)))
      .replaceAll(/(\\x0a)+/g, ' ')
      .trim()
    const how = result.timedOut
      ? 'did not come to its end'
      : (result.startError ?? `ended with ${String(result.exitCode ?? result.signal)}`)
    throw new OperationalError(
      'self-test-failed',
      `The ${phase}-backup hook does not work from ${printable(path)}: it ${how}${said === '' ? '' : `, saying: ${said}`}`,
      'Everything that was just written was taken back. Put right what it says, then install again.',
    )
  }
}
