import type { CliContext } from '../../../lib/cli/context.js'

export interface CliResult {
  code: number
  stdout: string
  stderr: string
}

/** Given the arguments after the program's name, run the command line in this process. */
export async function runCli(...args: string[]): Promise<CliResult> {
  // Mocha loads tests by require, verbs are loaded by import: taken by import, all share one OperationalError.
  const { cli } = await import('../../../lib/cli/main.js')
  const said = { stdout: '', stderr: '' }
  const context: CliContext = {
    stdout: (text) => void (said.stdout += text),
    stderr: (text) => void (said.stderr += text),
    env: {},
  }
  return { code: await cli(args, context), ...said }
}
