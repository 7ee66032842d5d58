import { hostname } from 'node:os'

/** The name of this machine. */
export const hostName = (): string => hostname()
