/** The command line's exit codes; `pre` and `post` use LBackup's instead. */
export const exitCode = { fine: 0, warning: 1, bad: 2, unknown: 3, usage: 64, bug: 70 } as const
