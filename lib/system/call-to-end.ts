/** Return a signal that is given once the system or somebody at the terminal calls this process to its end. */
export function callToEnd(): AbortSignal {
  const call = new AbortController()
  for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(name, () => call.abort())
  return call.signal
}
