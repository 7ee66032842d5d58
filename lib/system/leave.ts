/** Given the exit code, let the process end by itself, and end it a second later where a stuck thread keeps it. */
export function leave(exitCode: number): void {
  process.exitCode = exitCode
  // eslint-disable-next-line no-restricted-properties
  setTimeout(() => process.exit(), 1000).unref()
}
