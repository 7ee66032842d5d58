import { signal } from './background.js'

const calls = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const

/** Return a signal that is given once the system or somebody at the terminal calls this process to its end. */
export function callToEnd(): AbortSignal {
  const call = new AbortController()
  for (const name of calls) process.on(name, () => call.abort())
  return call.signal
}

/**
 * Given work that must put something right before this process may end, do it and return what it gives. A call to end is
 * handed to it as a signal, and obeyed once it is done.
 */
export async function beforeTheEnd<Result>(work: (call: AbortSignal) => Promise<Result>): Promise<Result> {
  const call = new AbortController()
  let called: (typeof calls)[number] | undefined
  const listeners = calls.map((name) => {
    const listener = (): void => {
      called ??= name
      call.abort()
    }
    process.on(name, listener)
    return [name, listener] as const
  })
  try {
    return await work(call.signal)
  } finally {
    for (const [name, listener] of listeners) process.removeListener(name, listener)
    if (called !== undefined) signal(process.pid, called)
  }
}
