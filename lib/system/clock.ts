import { setTimeout as sleep } from 'node:timers/promises'

/** Waits that many seconds. */
export const pause = (seconds: number): Promise<void> => sleep(seconds * 1000, undefined)

/** Given a promise and a limit in seconds, return what it gives, or throw what `late` makes when the time is over. */
export async function before<Result>(seconds: number, work: Promise<Result>, late: () => Error): Promise<Result> {
  let limit: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    limit = setTimeout(() => {
      reject(late())
    }, seconds * 1000)
  })
  try {
    return await Promise.race([work, overdue])
  } finally {
    clearTimeout(limit)
  }
}
