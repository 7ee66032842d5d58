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
