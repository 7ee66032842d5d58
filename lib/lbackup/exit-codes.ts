/** Which of LBackup's two hooks. */
export type Phase = 'pre' | 'post'

/** How a hook ends. `halt`: the backup must not go on. */
export type Ending = 'fine' | 'warning' | 'error' | 'halt'

/** LBackup's SCRIPT_SUCCESS, SCRIPT_WARNING and SCRIPT_HALT. Any other exit code lets the backup go on. */
export const scriptExit = { success: 0, warning: 1, halt: 129 } as const

// Post never ends with 129: that would skip the administrator's later post actions (mail, unmount) and change nothing else.
const table: Record<Phase, Record<Ending, number>> = {
  pre: { fine: scriptExit.success, warning: scriptExit.warning, error: scriptExit.warning, halt: scriptExit.halt },
  post: { fine: scriptExit.success, warning: scriptExit.warning, error: scriptExit.warning, halt: scriptExit.warning },
}

/** Given the phase and how the hook ends, return the exit code LBackup is to see. */
export const hookExitCode = (phase: Phase, ending: Ending): number => table[phase][ending]

/**
 * Given the exit code LBackup is to see, return the one by which a hook tells its launcher so. Node itself ends with 0
 * for a program that is empty and with 1 for most of what goes wrong before ours runs: neither may be taken for an answer.
 */
export function launcherCode(code: number): number {
  const answers: Readonly<Record<number, number>> = {
    [scriptExit.success]: 100,
    [scriptExit.warning]: 101,
    [scriptExit.halt]: 102,
  }
  return answers[code] ?? code
}
