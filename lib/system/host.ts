import { availableParallelism, hostname } from 'node:os'

/** The name of this machine. */
export const hostName = (): string => hostname()

/** How many threads can run at once. */
export const cores = (): number => availableParallelism()
